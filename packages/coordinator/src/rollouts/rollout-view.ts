// A roll-out as decisions see it: plain values, no clock.
import type { rollouts, rolloutTargets } from "../store/schema/rollouts.ts";

/** States of a roll-out; all but `running` are its end. */
export type RolloutStateName = (typeof rollouts.$inferSelect)["state"];
/** States of one machine in it. */
export type TargetStateName = (typeof rolloutTargets.$inferSelect)["state"];
/** Why nothing more is sent. */
export type StopKind = NonNullable<(typeof rollouts.$inferSelect)["stopped"]>;

/** One machine. */
export interface TargetView {
  readonly position: number;
  readonly name: string;
  readonly state: TargetStateName;
  readonly because: string;
  readonly canary: boolean;
  /** Why it can't be sent to now, in words; null when it can. */
  readonly away: string | null;
  /** It has been away for so long that it is not waited for. */
  readonly longAway: boolean;
  /** It was sent to, or has last said that it is at it, so long ago, in milliseconds. */
  readonly silentMs: number;
}

/** The whole. */
export interface RolloutView {
  readonly stopped: { readonly kind: StopKind; readonly because: string } | null;
  readonly keepKept: boolean;
  readonly parallel: number;
  /** The position of the machine that is to go first, or null. */
  readonly canary: number | null;
  /** In the order in which they are sent to. */
  readonly targets: readonly TargetView[];
}

/** Its order was given and is not answered. */
export const isOpen = ({ state }: Pick<TargetView, "state">): boolean =>
  state === "sent" || state === "taking back";
