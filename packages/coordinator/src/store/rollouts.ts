// Queries on roll-outs and their machines.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ApplyingOutcome, ApplyingOutcomeSchema } from "@ozone/proto/applying";
import { type RolloutRequest, RolloutRequestSchema } from "@ozone/proto/rollout";
import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { rollouts, rolloutTargets } from "./schema/rollouts.ts";

type Stored = typeof rollouts.$inferSelect;
type StoredTarget = typeof rolloutTargets.$inferSelect;

/** A roll-out as stored. */
export interface RolloutRow extends Omit<Stored, "request"> {
  readonly request: RolloutRequest;
}

/** One machine of it. `silentMs` is counted by Postgres' clock since its order was opened or last heard of. */
export interface RolloutTargetRow extends Omit<StoredTarget, "outcome" | "heardAt"> {
  readonly outcome: ApplyingOutcome | null;
  readonly silentMs: number;
}

const parse = (row: Stored): RolloutRow => ({
  ...row,
  request: fromBinary(RolloutRequestSchema, row.request),
});

const targetColumns = {
  rolloutId: rolloutTargets.rolloutId,
  position: rolloutTargets.position,
  machineId: rolloutTargets.machineId,
  machineName: rolloutTargets.machineName,
  canary: rolloutTargets.canary,
  state: rolloutTargets.state,
  because: rolloutTargets.because,
  outcome: rolloutTargets.outcome,
  activity: rolloutTargets.activity,
  silentMs: sql<number>`coalesce(extract(epoch from now() - ${rolloutTargets.heardAt}) * 1000, 0)::float8`,
};

const parseTarget = <Row extends { outcome: Uint8Array | null }>(row: Row) => ({
  ...row,
  outcome: row.outcome === null ? null : fromBinary(ApplyingOutcomeSchema, row.outcome),
});

/** Stores a new running roll-out. */
export async function insertRollout(
  db: Executor,
  { id, request }: { id: string; request: RolloutRequest },
  targets: readonly Pick<
    RolloutTargetRow,
    "position" | "machineId" | "machineName" | "canary" | "state" | "because"
  >[],
): Promise<void> {
  const { keepKept } = request;
  await db
    .insert(rollouts)
    .values({ id, request: toBinary(RolloutRequestSchema, request), keepKept, state: "running" });
  await db.insert(rolloutTargets).values(targets.map((target) => ({ ...target, rolloutId: id })));
}

/** The roll-out, or null. With `lock` the row is held until the transaction ends. */
export async function findRollout(db: Executor, id: string, lock = false): Promise<RolloutRow | null> {
  const query = db.select().from(rollouts).where(eq(rollouts.id, id));
  const [row] = await (lock ? query.for("update") : query);
  return row ? parse(row) : null;
}

/** Newest first. */
export const listRollouts = async (db: Executor, limit: number): Promise<RolloutRow[]> =>
  (await db.select().from(rollouts).orderBy(desc(rollouts.createdAt), desc(rollouts.id)).limit(limit)).map(
    parse,
  );

/** Ids of those that have not ended, oldest first. */
export const runningRolloutIds = async (db: Executor): Promise<string[]> =>
  (
    await db
      .select({ id: rollouts.id })
      .from(rollouts)
      .where(eq(rollouts.state, "running"))
      .orderBy(rollouts.createdAt, rollouts.id)
  ).map(({ id }) => id);

/** Its machines in their order. */
export const rolloutTargetsOf = async (db: Executor, rolloutId: string): Promise<RolloutTargetRow[]> =>
  (
    await db
      .select(targetColumns)
      .from(rolloutTargets)
      .where(eq(rolloutTargets.rolloutId, rolloutId))
      .orderBy(asc(rolloutTargets.position))
  ).map(parseTarget);

const WITH_ORDER = ["sent", "taking back", "still to take back"] as const;

/** What machines have an order for, oldest first; of one machine, or of all. */
export const targetsWithOrder = async (db: Executor, machineId?: string): Promise<RolloutTargetRow[]> =>
  (
    await db
      .select(targetColumns)
      .from(rolloutTargets)
      .innerJoin(rollouts, eq(rollouts.id, rolloutTargets.rolloutId))
      .where(
        and(
          inArray(rolloutTargets.state, [...WITH_ORDER]),
          machineId === undefined ? undefined : eq(rolloutTargets.machineId, machineId),
        ),
      )
      .orderBy(rollouts.createdAt, rollouts.id, rolloutTargets.position)
  ).map(parseTarget);

/** What can change of a machine. */
export type TargetChange = Partial<Pick<RolloutTargetRow, "state" | "because" | "canary" | "activity">> & {
  /** The bytes of an outcome. */
  readonly outcome?: ApplyingOutcome;
  /** It was heard of, or its order opened, now. */
  readonly heard?: boolean;
};

/** Changes one machine of a roll-out. */
export async function changeRolloutTarget(
  db: Executor,
  { rolloutId, position }: Pick<RolloutTargetRow, "rolloutId" | "position">,
  { outcome, heard = false, ...change }: TargetChange,
): Promise<void> {
  await db
    .update(rolloutTargets)
    .set({
      ...change,
      ...(outcome === undefined ? {} : { outcome: toBinary(ApplyingOutcomeSchema, outcome) }),
      ...(heard ? { heardAt: sql`now()` } : {}),
    })
    .where(and(eq(rolloutTargets.rolloutId, rolloutId), eq(rolloutTargets.position, position)));
}

/** Nothing more is sent. */
export async function stopRollout(
  db: Executor,
  id: string,
  change: { stopped: NonNullable<Stored["stopped"]>; stoppedBecause: string; keepKept?: boolean },
): Promise<void> {
  await db.update(rollouts).set(change).where(eq(rollouts.id, id));
}

/** One that has ended runs again, to be taken back wherever it was kept. */
export async function reopenToUndo(db: Executor, id: string, stoppedBecause: string): Promise<void> {
  await db
    .update(rollouts)
    .set({
      ...{ state: "running", because: "", finishedAt: null },
      ...{ stopped: "undone", stoppedBecause, keepKept: false },
    })
    .where(eq(rollouts.id, id));
}

/** Ends a roll-out. */
export async function endRollout(
  db: Executor,
  id: string,
  change: { state: Stored["state"]; because: string },
): Promise<void> {
  await db
    .update(rollouts)
    .set({ ...change, finishedAt: sql`now()` })
    .where(eq(rollouts.id, id));
}
