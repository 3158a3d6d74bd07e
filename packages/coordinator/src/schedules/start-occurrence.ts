// One occurrence becomes a sweep, or the sentence that says why not; noted in the same transaction, so that it is dealt with
// once, whoever comes back from where.
import { randomBytes } from "node:crypto";
import { clone } from "@bufbuild/protobuf";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { machinesOnline } from "../fleet/machines-online.ts";
import { prepareSweep } from "../planning/prepare-sweep.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { insertRun, type RunRow, type ScheduleRow } from "../store/schedules.ts";
import { insertSweep } from "../store/sweeps.ts";

/** What became of it. */
export interface Started {
  readonly sweepId: string | null;
  readonly because: string;
}

/** One time of a schedule. */
export interface Occurrence {
  readonly leaseMs: number;
  readonly dueAt: Date;
  /** Why it is started now, if there is something to say. */
  readonly because: string;
  /** Notes, in the transaction, a time that becomes no sweep. */
  readonly noteLost?: NoteLost;
}

/** Told of a time that was dealt with and became no sweep. */
export type NoteLost = (
  tx: Transaction,
  run: Pick<RunRow, "schedule" | "dueAt" | "outcome" | "because">,
) => Promise<void>;

/** "nightly 2026-11-26 02:00", in the schedule's own time zone. */
function sweepName({ name, timeZone }: Pick<ScheduleRow, "name" | "timeZone">, dueAt: Date): string {
  const parts = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return `${name} ${parts.format(dueAt)}`;
}

async function prepare(
  store: Store,
  schedule: ScheduleRow,
  { leaseMs, dueAt }: { leaseMs: number; dueAt: Date },
) {
  const asked = clone(SweepRequestSchema, schedule.request);
  asked.name = sweepName(schedule, dueAt);
  return prepareSweep(asked, await machinesOnline(store, leaseMs));
}

/**
 * Starts the sweep of one occurrence.
 * @returns null when the occurrence was dealt with before
 * @throws what is no word about the request itself: Postgres is away
 */
export async function startOccurrence(
  store: Store,
  schedule: ScheduleRow,
  { leaseMs, dueAt, because, noteLost }: Occurrence,
): Promise<Started | null> {
  const run = { schedule: schedule.name, dueAt };
  const prepared = await prepare(store, schedule, { leaseMs, dueAt }).catch((thrown: unknown) => {
    if (thrown instanceof OzoneError) return thrown;
    throw thrown;
  });
  return store.db.transaction(async (tx: Transaction) => {
    if (prepared instanceof OzoneError) {
      const failed = { ...run, outcome: "failed", because: prepared.message } as const;
      if (!(await insertRun(tx, failed))) return null;
      await noteLost?.(tx, failed);
      return { sweepId: null, because: failed.because };
    }
    const sweepId = `s-${randomBytes(5).toString("hex")}`;
    const endsAt = schedule.windowMs === 0 ? null : new Date(dueAt.getTime() + schedule.windowMs);
    if (!(await insertRun(tx, { ...run, outcome: "started", because, sweepId, endsAt }))) return null;
    await insertSweep(tx, { ...prepared, id: sweepId }, prepared.targets);
    return { sweepId, because };
  });
}
