// Has a running nats-server read its configuration again, and waits until it says that it did.
import { open } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { sizeOf } from "./server-log.ts";

const CONFIRM_MS = 10_000;
const DONE = "Reloaded server configuration";
const FAILED = /Failed to reload server configuration: (.*)/;
/** More than any server says in that time. */
const READ_BYTES = 256 * 1024;

/** What the server wrote since; after a rotation of its log, all that is there. */
async function writtenSince(logFile: string, start: number): Promise<string> {
  const file = await open(logFile, "r");
  try {
    const { size } = await file.stat();
    const from = size < start ? 0 : start;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, from);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Sends the signal and reads the server's log until it confirms. The caller has made sure that the process is ours, and
 * lets one reload run at a time.
 * @throws Error with the server's own reason, or when it says nothing in time
 */
export async function reloadServer(pid: number, logFile: string): Promise<void> {
  const start = await sizeOf(logFile);
  process.kill(pid, "SIGHUP");
  const deadline = performance.now() + CONFIRM_MS;
  for (let pauseMs = 5; performance.now() < deadline; pauseMs = Math.min(pauseMs * 2, 100)) {
    const said = await writtenSince(logFile, start);
    const reason = FAILED.exec(said)?.[1];
    if (reason !== undefined) throw new Error(`nats-server kept its old configuration: ${reason.trim()}`);
    if (said.includes(DONE)) return;
    await wait(pauseMs);
  }
  throw new Error(
    `nats-server (process ${pid}) did not confirm its new configuration within ${CONFIRM_MS / 1000} s`,
  );
}
