// Which process is the server under test: needed to know its memory, and its load from that of others.
import { findListener, type PortOwner } from "./machine/listening-port.ts";

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The process behind a URL, or why it can't be told. */
export async function engineOwner(engineUrl: string): Promise<PortOwner> {
  const url = new URL(engineUrl);
  if (!LOOPBACK.test(url.hostname)) {
    return {
      pid: null,
      reason: `The server at ${engineUrl} runs on another host, whose processes can't be seen.`,
    };
  }
  return findListener(Number(url.port || "80"));
}

/** Process id of the server behind a URL of this machine; null when it is elsewhere or can't be seen. */
export const enginePid = async (engineUrl: string): Promise<number | null> =>
  (await engineOwner(engineUrl)).pid;
