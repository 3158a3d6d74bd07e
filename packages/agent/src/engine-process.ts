// Which process is the server under test: needed to know its memory, and its load from that of others.
import { findListener, type PortOwner } from "./machine/listening-port.ts";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const HTTP_PORT = 80;

/** Port of a server on this host; null when the URL leads elsewhere. */
export function localPort(engineUrl: string): number | null {
  const url = new URL(engineUrl);
  return LOOPBACK.test(url.hostname) ? Number(url.port || HTTP_PORT) : null;
}

/** Whether a URL leads to this host. */
export const isHere = (engineUrl: string): boolean => localPort(engineUrl) !== null;

/** The process behind a URL, or why it can't be told. */
export async function engineOwner(engineUrl: string): Promise<PortOwner> {
  const port = localPort(engineUrl);
  if (port !== null) return findListener(port);
  const reason = `The server at ${engineUrl} runs on another host, whose processes can't be seen.`;
  return { pid: null, reason };
}

/** Process id of the server behind a URL of this machine; null when it is elsewhere or can't be seen. */
export const enginePid = async (engineUrl: string): Promise<number | null> =>
  (await engineOwner(engineUrl)).pid;
