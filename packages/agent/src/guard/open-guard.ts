// The guard of a running agent: what it sees stops the trial in hand, and what that one could not undo is undone.
import { join } from "node:path";
import { hoursWords } from "@ozone/shared/time-budget";
import { type WaitReason, waitWords } from "@ozone/shared/wait-reason";
import type { AgentConfig } from "../config.ts";
import type { WorkState } from "../control/work-state.ts";
import type { Guarding } from "../take-trials.ts";
import { startIdleGuard } from "./idle-guard.ts";
import type { IdleRule } from "./idle-rule.ts";
import { type LookPlaces, Surroundings } from "./look-around.ts";
import { tidyUp } from "./tidy-up.ts";

/** A guard that can be stopped. */
export interface Watch extends Guarding {
  stop(): Promise<void>;
}

/** What it works with. */
export interface GuardFacts {
  readonly state: WorkState;
  /** Somebody came or has gone: others want to know. */
  readonly onChange: () => void;
  readonly log: (line: string) => void;
  /** Where to look, for tests. */
  readonly places?: Omit<LookPlaces, "engineUrl">;
  readonly everyMs?: number;
}

/** Takes up watch. */
export async function openGuard(
  rule: IdleRule,
  { engineUrl, dataDir }: Pick<AgentConfig, "engineUrl" | "dataDir">,
  { state, onChange, log, places = {}, ...pace }: GuardFacts,
): Promise<Watch> {
  let before: WaitReason | null = null;
  const onLook = (waits: WaitReason | null): void => {
    const came = before === null && waits !== null;
    const went = before !== null && waits === null;
    before = waits;
    state.setWaits(waits);
    if (!came && !went) return;
    log(waits === null ? "nobody uses this machine" : waitWords(waits, Date.now()));
    if (came && state.interrupt()) log("the trial in hand is stopped");
    onChange();
  };
  log(`trials run only while nobody has used this machine for ${hoursWords(rule.quietMs)}`);
  const surroundings = new Surroundings(rule, { ...places, engineUrl });
  const guard = await startIdleGuard({ ...pace, surroundings, log, onLook });
  return {
    get waits() {
      return guard.waits;
    },
    trialBegins: (model) => guard.trialBegins(model),
    trialEnds: () => guard.trialEnds(),
    tidyUp: (stop) => tidyUp(join(dataDir, "cache"), stop),
    stop: () => guard.stop(),
  };
}
