// Ends a managed server, all of it: asks, insists, and waits until no process of it is left.
import { remaining, type ServerProcess, signalProcess } from "./marked-processes.ts";
import { forgetServerNote, readServerNotes } from "./server-notes.ts";

/** A server that works ends its runner and itself well within this. */
const PATIENCE_MS = 4_000;
/** After SIGKILL only the kernel is left to wait for: it takes back some GiB of memory. */
const KILL_PATIENCE_MS = 10_000;
const POLL_MS = 20;

/** Ends every process of the server. @returns whether all of them are gone */
export async function endServer(server: ServerProcess, patienceMs = PATIENCE_MS): Promise<boolean> {
  for (const pid of await remaining(server)) signalProcess(pid, "SIGTERM");
  if (await isGone(server, patienceMs)) return true;
  for (const pid of await remaining(server)) signalProcess(pid, "SIGKILL");
  return isGone(server, KILL_PATIENCE_MS);
}

async function isGone(server: ServerProcess, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  while ((await remaining(server)).length > 0) {
    if (performance.now() > deadlineMs) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return true;
}

/**
 * Ends the servers that a killed agent left. Call it while the host lock is held, before the first trial.
 * @returns a sentence for each that was found, ended or not, and for each note that can't be read
 */
export async function endLeftServers(folder: string): Promise<string[]> {
  const said: string[] = [];
  for (const server of await readServerNotes(folder, (problem) => said.push(problem))) {
    const name = `A managed server of an interrupted trial (port ${server.port})`;
    const found = (await remaining(server)).length > 0;
    if (found && !(await endServer(server))) {
      const left = (await remaining(server)).join(", ");
      said.push(`${name} could not be ended; end process ${left} by hand.`);
      continue;
    }
    await forgetServerNote(folder, server);
    if (found) said.push(`${name} still ran; it was ended.`);
  }
  return said;
}
