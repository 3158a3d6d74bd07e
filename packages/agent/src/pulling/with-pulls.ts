// A machine that pulls models for Ozone where its owner consented, and one that does not.
import { join } from "node:path";
import { reasonWords, type WaitReason } from "@ozone/shared/wait-reason";
import type { AgentConfig } from "../config.ts";
import type { Self } from "../control/announcing.ts";
import type { WorkState } from "../control/work-state.ts";
import { openPulls, type Pulls } from "./open-pulls.ts";

/** What they share with the rest of the agent. */
export interface PullsAround {
  readonly state: WorkState;
  readonly onBusy: (busy: boolean) => void;
  readonly onDone: () => void;
  readonly announce: () => Promise<void>;
  /** What the guard sees; null: nobody, or nobody looks. */
  readonly isInUse: () => WaitReason | null;
  readonly log: (line: string) => void;
}

/** The pulls, if there are any, and what the machine says of itself then. */
export async function withPulls(
  { pull, dataDir, engineUrl }: Pick<AgentConfig, "pull" | "dataDir" | "engineUrl">,
  about: Self,
  { state, onBusy, onDone, announce, isInUse, log }: PullsAround,
): Promise<{ pulls: Pulls | undefined; self: Self }> {
  if (pull === null) return { pulls: undefined, self: about };
  const whyNot = () => {
    if (state.paused) return "the machine is paused";
    const inUse = isInUse();
    return inUse === null ? null : reasonWords(inUse, Date.now());
  };
  // A trial in hand says itself what it does.
  const onActivity = (words: string | null) => {
    if (state.current === null) state.say(words ?? "idle");
  };
  const folder = join(dataDir, "pulling");
  const pulls = await openPulls(pull, {
    ...{ engineUrl, folder, whyNot, onActivity, onBusy, onDone, announce, log },
  });
  return { pulls, self: { ...about, consent: () => pulls.consent() } };
}
