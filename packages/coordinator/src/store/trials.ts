// Queries on trials.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Configuration,
  ConfigurationSchema,
  type Protocol,
  ProtocolSchema,
  type Purpose,
} from "@ozone/proto/configuration";
import type { TrialStateName } from "@ozone/shared/trial-state";
import { and, asc, eq, inArray, or, type SQL, sql } from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { trials } from "./schema/trials.ts";

/** A trial as stored. */
export interface TrialRow {
  readonly id: string;
  readonly sweepId: string;
  readonly targetId: number;
  readonly machineId: string;
  readonly ordinal: number;
  /** It waits for whichever machine of its group is free first. */
  readonly forAnyone: boolean;
  readonly configuration: Configuration;
  readonly protocol: Protocol;
  readonly purpose: Purpose;
  readonly reason: string;
  readonly state: TrialStateName;
  readonly attempt: number;
  readonly failedAttempts: number;
  readonly failureClass: string | null;
  readonly failureMessage: string | null;
  /** By Postgres' clock; null while it is open. */
  readonly endedAt: Date | null;
}

/** A trial to be written down. */
export type NewTrial = Pick<
  TrialRow,
  | "id"
  | "sweepId"
  | "targetId"
  | "machineId"
  | "ordinal"
  | "configuration"
  | "protocol"
  | "purpose"
  | "reason"
> &
  Partial<Pick<TrialRow, "forAnyone">>;

/** What a planner says of a trial; the rest is bookkeeping. */
export type PlannedTrial = Pick<NewTrial, "configuration" | "protocol" | "purpose" | "reason">;

const parse = (row: typeof trials.$inferSelect): TrialRow => ({
  ...row,
  configuration: fromBinary(ConfigurationSchema, row.configuration),
  protocol: fromBinary(ProtocolSchema, row.protocol),
});

const INSERT_CHUNK = 1_000;

/** Writes planned trials down. */
export async function insertTrials(db: Executor, planned: readonly NewTrial[]): Promise<void> {
  const rows = planned.map((trial) => ({
    ...trial,
    configuration: toBinary(ConfigurationSchema, trial.configuration),
    protocol: toBinary(ProtocolSchema, trial.protocol),
    state: "planned" as const,
  }));
  for (let start = 0; start < rows.length; start += INSERT_CHUNK) {
    await db.insert(trials).values(rows.slice(start, start + INSERT_CHUNK));
  }
}

const select = async (db: Executor, where: SQL | undefined): Promise<TrialRow[]> =>
  (await db.select().from(trials).where(where).orderBy(asc(trials.targetId), asc(trials.ordinal))).map(parse);

/** Trials of a sweep, in the order in which they were planned. */
export const trialsOfSweep = (db: Executor, sweepId: string): Promise<TrialRow[]> =>
  select(db, eq(trials.sweepId, sweepId));

/** Trials of one target, in the order in which they were planned. */
export const trialsOfTarget = (db: Executor, targetId: number): Promise<TrialRow[]> =>
  select(db, eq(trials.targetId, targetId));

/** Trials of these targets, in the order in which they were planned for each. */
export const trialsOfTargets = (db: Executor, targetIds: readonly number[]): Promise<TrialRow[]> =>
  select(db, inArray(trials.targetId, [...targetIds]));

/** One trial, or null. */
export const findTrial = async (db: Executor, id: string): Promise<TrialRow | null> =>
  (await select(db, eq(trials.id, id)))[0] ?? null;

/** Holds these trials until the transaction ends; ordered by id, so that two transactions never wait in a ring. */
export async function lockTrials(tx: Transaction, ids: readonly string[]): Promise<Map<string, TrialRow>> {
  const rows = await tx
    .select()
    .from(trials)
    .where(inArray(trials.id, [...ids]))
    .orderBy(trials.id)
    .for("update");
  return new Map(rows.map((row) => [row.id, parse(row)]));
}

/** What changes when a trial moves. */
export interface TrialChange {
  readonly state: TrialStateName;
  readonly attempt?: number;
  readonly failedAttempts?: number;
  readonly failure?: { failureClass: string; message: string } | null;
}

/** Moves one trial; an ended one gets its end time. */
export async function changeTrial(tx: Transaction, id: string, change: TrialChange): Promise<void> {
  const ended = change.state === "done" || change.state === "failed" || change.state === "cancelled";
  await tx
    .update(trials)
    .set({
      state: change.state,
      ...(change.attempt === undefined ? {} : { attempt: change.attempt }),
      ...(change.failedAttempts === undefined ? {} : { failedAttempts: change.failedAttempts }),
      ...(change.failure === undefined
        ? {}
        : {
            failureClass: change.failure?.failureClass ?? null,
            failureMessage: change.failure?.message ?? null,
          }),
      ...(ended ? { endedAt: sql`now()` } : {}),
    })
    .where(eq(trials.id, id));
}

/** Gives a trial that no attempt was made at to a target of its group, or leaves it to whoever is free first. */
export async function handTrial(
  tx: Transaction,
  id: string,
  to: Pick<TrialRow, "targetId" | "machineId" | "ordinal" | "forAnyone">,
): Promise<void> {
  const { targetId, machineId, ordinal, forAnyone } = to;
  await tx.update(trials).set({ targetId, machineId, ordinal, forAnyone }).where(eq(trials.id, id));
}

/** Cancels what has not ended of a sweep. @returns ids of those that were running. */
export async function cancelTrials(tx: Transaction, sweepId: string): Promise<string[]> {
  const open = await tx
    .select({ id: trials.id, state: trials.state })
    .from(trials)
    .where(and(eq(trials.sweepId, sweepId), inArray(trials.state, ["planned", "running"])))
    .orderBy(trials.id)
    .for("update");
  for (const { id } of open) await changeTrial(tx, id, { state: "cancelled" });
  return open.filter(({ state }) => state === "running").map(({ id }) => id);
}

/** Cancels what has not ended on one machine; what waits there for anyone of a shared search is not its own. */
export async function cancelTrialsOfMachine(tx: Transaction, machineId: string): Promise<void> {
  const open = await tx
    .select({ id: trials.id })
    .from(trials)
    .where(
      and(
        eq(trials.machineId, machineId),
        inArray(trials.state, ["planned", "running"]),
        or(eq(trials.forAnyone, false), eq(trials.state, "running")),
      ),
    )
    .orderBy(trials.id)
    .for("update");
  for (const { id } of open) await changeTrial(tx, id, { state: "cancelled" });
}
