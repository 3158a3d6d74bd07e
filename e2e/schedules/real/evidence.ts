// What the checker judges: what the agents wrote down themselves, what the harness saw and what the tables and the command
// line show at the end. Plain data, so that a test can make it.
import type { JournalLine } from "../../setup/journal.ts";
import type { SeenReceipt } from "./bus-tap.ts";
import type { BusySpan, EngineState } from "./engine-process.ts";

/** A trial as its row says. */
export interface TrialSeen {
  readonly id: string;
  readonly machineId: string;
  readonly state: string;
  readonly attempt: number;
  readonly failureClass: string | null;
}

/** A stored result as its row says. */
export interface ResultSeen {
  readonly trialId: string;
  readonly attempt: number;
  readonly machineId: string;
  /** Whether it is a failure of its attempt: such a one may be followed by another attempt. */
  readonly failed: boolean;
  readonly digest: string;
  /** By its machine's wall clock and by its steady one; they differ when the clock was stepped meanwhile. */
  readonly elapsedMs: number;
}

/** All evidence of one schedule. */
export interface Evidence {
  readonly sweepState: string;
  readonly trials: readonly TrialSeen[];
  readonly results: readonly ResultSeen[];
  /** Machine -> lines of its journal. */
  readonly journals: ReadonlyMap<string, readonly JournalLine[]>;
  /** What the harness saw published: trial/attempt and digest. */
  readonly published: readonly { readonly attempt: string; readonly digest: string }[];
  readonly receipts: readonly SeenReceipt[];
  /** Trials and their states as `ozone sweep show --json` has them. */
  readonly shown: readonly { readonly id: string; readonly state: string }[];
  /** Results without a receipt, at the end. */
  readonly outbox: readonly string[];
  /** When each engine was inferring. */
  readonly busy: readonly (readonly BusySpan[])[];
  readonly engines: readonly { readonly before: EngineState; readonly after: EngineState }[];
  /** Milliseconds from the end of the last fault to the next receipt; null: the sweep had ended, nothing was owed. */
  readonly resumedMs: number | null;
  /** Digest of the presets chosen from the stored results in several orders. */
  readonly presetDigests: readonly string[];
  readonly lastedMs: number;
}
