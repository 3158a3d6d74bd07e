// What the simulation's clients saw, written by them and not by the system: the checker reads nothing else but this, the
// agents' disks and the stored rows.
import type { TrialOrder } from "@ozone/proto/trial";

/** One time that an attempt was measured. */
export interface Measured {
  readonly order: TrialOrder;
  readonly trialId: string;
  readonly attempt: number;
  readonly machineId: string;
  readonly host: string;
  readonly fromMs: number;
  toMs: number | null;
}

/** Journal of one schedule. */
export class ClientJournal {
  readonly measured: Measured[] = [];
  /** What happened, for people; the same seed gives the same lines. */
  readonly trace: string[] = [];
  lastEventMs = 0;

  say(nowMs: number, line: string): void {
    this.trace.push(`${(nowMs / 1000).toFixed(3)} ${line}`);
  }

  progress(nowMs: number, line: string): void {
    this.lastEventMs = nowMs;
    this.say(nowMs, line);
  }
}
