// Follows a roll-out to its end, a line for each machine that comes further, and says how it ended.
import { type Rollout, RolloutSchema } from "@ozone/proto/rollout";
import { RolloutService } from "@ozone/proto/rollout_service";
import { OzoneError } from "@ozone/shared/errors";
import { findCoordinator } from "../coordinator-address.ts";
import { connectCoordinator } from "../coordinator-client.ts";
import { Interrupted, interruptible } from "../interruption.ts";
import { messageJson } from "../message-json.ts";
import { rolloutText, targetLine } from "../render/text-rollouts.ts";
import { throughRestarts } from "../watch/through-restarts.ts";

/** One stream lives no longer than this; then it is opened again. */
const STREAM_MS = 600_000;

/** What a machine does is told no more often than this. */
const ACTIVITY_EVERY_MS = 5_000;

const LEFT: ReadonlySet<string> = new Set(["still to take back", "not taken back"]);

/** Exit codes: 0 all machines kept it, or it was undone wherever it stood; 3 a regression took it back; 1 anything else. */
export function rolloutExitCode({ state, targets }: Rollout): number {
  if (state === "undone") return targets.some((target) => LEFT.has(target.state)) ? 1 : 0;
  return state === "kept" ? 0 : state === "rolled back" ? 3 : 1;
}

/** Tells what is new, once. */
export function newsTeller(say: (line: string) => void): (rollout: Rollout) => void {
  const told = new Map<number, string>();
  let activityAt = Number.NEGATIVE_INFINITY;
  return ({ targets }) => {
    for (const target of targets) {
      const line = targetLine(target);
      if (told.get(target.position) === line) continue;
      // What was so from the start was shown before.
      if (told.has(target.position) || target.state !== "planned") say(line);
      told.set(target.position, line);
    }
    const busy = targets.filter(({ activity }) => activity !== "");
    if (busy.length === 0 || performance.now() - activityAt < ACTIVITY_EVERY_MS) return;
    activityAt = performance.now();
    say(busy.map(({ machineName, activity }) => `  ${machineName}: ${activity}`).join("; "));
  };
}

/**
 * Follows it.
 * @throws OzoneError cancelled on Ctrl-C, which ends the following and not the roll-out
 */
export async function followRollout(options: {
  readonly address: string | undefined;
  readonly rolloutId: string;
  /** It is being undone, which a cancel does not stop. */
  readonly undoing?: boolean;
  say(line: string): void;
}) {
  const { address, rolloutId, undoing = false, say } = options;
  const tell = newsTeller(say);
  const watchOnce = async (signal: AbortSignal, onMessage: () => void): Promise<Rollout | null> => {
    const client = connectCoordinator(findCoordinator(address));
    try {
      const { watchRollout } = RolloutService.method;
      for await (const { rollout } of client.stream(
        watchRollout,
        { rolloutId },
        { timeoutMs: STREAM_MS, signal },
      )) {
        if (rollout === undefined) continue;
        onMessage();
        tell(rollout);
        if (rollout.state !== "running") return rollout;
      }
      return null;
    } finally {
      client.close();
    }
  };
  try {
    const rollout = await interruptible((signal) =>
      throughRestarts({
        what: "the roll-out",
        signal,
        watchOnce: (onMessage) => watchOnce(signal, onMessage),
        note: say,
      }),
    );
    const document = { rollout: messageJson(RolloutSchema, rollout) };
    return { text: rolloutText(rollout), document, exitCode: rolloutExitCode(rollout) };
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    const what = undoing ? "the undoing" : "the roll-out";
    const stopsIt = `, \`ozone rollout cancel ${rolloutId}\` stops it and takes the preset back`;
    const message = `Stopped following; ${what} goes on: \`ozone rollout watch ${rolloutId}\` follows it${undoing ? "" : stopsIt}.`;
    throw new OzoneError("cancelled", message, { cause: thrown });
  }
}
