// Ends one process that is ours: asks first, insists later.
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { isRunning, type ProcessClaim } from "./process-identity.ts";
import { waitUntil } from "./wait-until.ts";

/** A program that has not stopped within this is killed. */
const PATIENCE_MS = 15_000;

/** How it went. */
export type StopOutcome = "stopped" | "killed" | "not running";

/** SIGTERM, and SIGKILL with a warning when that did not help in time. */
export async function stopProcess(
  claim: ProcessClaim,
  { progress, patienceMs = PATIENCE_MS }: { progress: (line: string) => void; patienceMs?: number },
): Promise<StopOutcome> {
  if (!isRunning(claim)) return "not running";
  signal(claim, "SIGTERM");
  if (await isGone(claim, patienceMs)) return "stopped";
  progress(
    `warning: ${claim.program} (pid ${claim.pid}) did not stop within ${patienceMs / 1000} s; killing it`,
  );
  signal(claim, "SIGKILL");
  if (await isGone(claim, 5000)) return "killed";
  const message = `${claim.program} (pid ${claim.pid}) could not be ended; end it by hand and run \`ozone down\` again.`;
  throw new OzoneError("internal", message);
}

async function isGone(claim: ProcessClaim, withinMs: number): Promise<boolean> {
  try {
    return await waitUntil(() => (isRunning(claim) ? null : true), {
      withinMs,
      everyMs: 50,
      onTimeout: () => "still running",
    });
  } catch (thrown) {
    if (thrown instanceof OzoneError && thrown.code === "deadline_exceeded") return false;
    throw thrown;
  }
}

function signal({ pid, program }: ProcessClaim, name: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ESRCH") return; // it ended by itself just now
    const message = `${program} (pid ${pid}) belongs to another user; stop it as that user.`;
    throw new OzoneError("unavailable", message, { cause: thrown });
  }
}
