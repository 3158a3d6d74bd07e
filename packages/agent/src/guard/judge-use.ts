// Whether somebody uses this machine, from what was seen of it. Pure.
import type { WaitReason } from "@ozone/shared/wait-reason";

/** One trace of somebody's use. */
export interface Sign {
  /** In a few words, without who: it is shown to others. */
  readonly detail: string;
  /** How long ago that use was, in milliseconds; 0: now. */
  readonly usedAgoMs: number;
  /** How long ago it has to be for the machine to count as free. */
  readonly quietMs: number;
}

/** What one look around has shown. */
export interface Looked {
  readonly signs: readonly Sign[];
  /** Why nobody can tell whether the machine is used, in one sentence; null: it can be told. */
  readonly problem: string | null;
}

/** Nobody has been there for so long: it is worth saying when the machine will be free. */
const LEFT_AFTER_MS = 60_000;

/**
 * Why no trial may run now.
 * @param before what the last look gave: a spell of use keeps its beginning
 * @param nowMs epoch milliseconds
 * @returns null: nobody uses the machine
 */
export function judgeUse(
  before: WaitReason | null,
  { signs, problem }: Looked,
  nowMs: number,
): WaitReason | null {
  if (problem !== null) return { kind: "use_unknown", detail: problem };
  const fresh = signs.filter(({ usedAgoMs, quietMs }) => usedAgoMs < quietMs);
  const [latest] = [...fresh].sort((a, b) => a.usedAgoMs - b.usedAgoMs);
  if (latest === undefined) return null;
  const earliestMs = nowMs - Math.max(...fresh.map(({ usedAgoMs }) => usedAgoMs));
  const freeInMs = Math.max(...fresh.map(({ usedAgoMs, quietMs }) => quietMs - usedAgoMs));
  return {
    kind: "in_use",
    detail: latest.detail,
    sinceMs: (before?.kind === "in_use" ? before.sinceMs : undefined) ?? earliestMs,
    ...(latest.usedAgoMs >= LEFT_AFTER_MS ? { untilMs: nowMs + freeInMs } : {}),
  };
}
