// Free TCP ports of 127.0.0.1 for the embedded servers. Ports stay below 32768: above it Linux hands out ports to
// outgoing connections by itself, and a server that comes back after a crash could find its port taken by one of them.
import { createServer } from "node:net";

const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_767;
const TRIES = 200;

/** True when nothing listens on this port of 127.0.0.1 at this moment. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Picks a random free port from 20000 to 32767. Someone else may take it before it is used, so callers try again with
 * another one when their bind fails.
 * @throws Error when 200 random ports were all taken.
 */
export async function pickFreePort(random: () => number = Math.random): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = LOWEST_PORT + Math.floor(random() * (HIGHEST_PORT - LOWEST_PORT + 1));
    if (await isPortFree(port)) return port;
  }
  throw new Error(
    `No free port found on 127.0.0.1 between ${LOWEST_PORT} and ${HIGHEST_PORT} after ${TRIES} tries: stop some of the servers of this host.`,
  );
}
