// Queries on results and samples.
import { fromBinary } from "@bufbuild/protobuf";
import type { Engine } from "@ozone/proto/machine";
import { type Sample, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { configurationKey, configuration as emptyConfiguration } from "@ozone/shared/configuration";
import { engineKindWords } from "@ozone/shared/provenance";
import { isFilledSample } from "@ozone/shared/sample-kinds";
import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  inArray,
  isNotNull,
  isNull,
  notInArray,
  type SQL,
  sql,
} from "drizzle-orm";
import type { Executor, Transaction } from "./open-store.ts";
import { results, samples } from "./schema/results.ts";
import { sweepTargets } from "./schema/sweeps.ts";

/** What presets are keyed by. */
export interface PresetKey {
  readonly hardwareClass: string;
  readonly modelDigest: string;
  readonly engineKind: string;
  readonly engineVersion: string;
}

/** The preset key that a result belongs to. */
export const presetKeyOf = (result: TrialResult): PresetKey => ({
  hardwareClass: result.hardwareClass,
  modelDigest: result.modelDigest,
  engineKind: engineKindWords(result.conditions?.engine?.kind ?? 0),
  engineVersion: result.conditions?.engine?.version ?? "",
});

const NOTHING = emptyConfiguration({ numCtx: 0, numBatch: 0, numPredict: 0 });

const sampleRow = (result: TrialResult, sample: Sample, position: number): typeof samples.$inferInsert => ({
  trialId: result.trialId,
  attempt: result.attempt,
  position,
  valid: sample.valid,
  promptTokens: sample.promptTokens,
  generatedTokens: sample.generatedTokens,
  prefillTokensPerSecond: sample.prefillTokensPerSecond ?? null,
  decodeTokensPerSecond: sample.decodeTokensPerSecond ?? null,
  ttftMs: sample.ttftMs ?? null,
  interTokenP50Ms: sample.interTokenP50Ms ?? null,
  interTokenP95Ms: sample.interTokenP95Ms ?? null,
  failedChecks: sample.checks.filter(({ passed }) => passed === false).map(({ code }) => code),
});

/** A signature over the bytes of a result, checked, and whose it is. */
export interface Signed {
  readonly publicKey: string;
  readonly signature: Uint8Array;
}

/** Stores one result, its samples and the bytes they came in. Unique on (trial, attempt). */
export async function insertResult(
  tx: Transaction,
  result: TrialResult,
  stored: { targetId: number; payload: Uint8Array; signed?: Signed | null },
): Promise<void> {
  await tx.insert(results).values({
    trialId: result.trialId,
    attempt: result.attempt,
    machineId: result.machineId,
    sweepId: result.sweepId,
    targetId: stored.targetId,
    ...presetKeyOf(result),
    modelName: result.modelName,
    configurationKey: configurationKey(result.configuration ?? NOTHING),
    purpose: result.purpose,
    verdict: result.verdict,
    provenance: result.provenance,
    failureClass: result.failure?.failureClass ?? null,
    elapsedMs: result.elapsedMs,
    payload: stored.payload,
    signedBy: stored.signed?.publicKey ?? null,
    signature: stored.signed?.signature ?? null,
  });
  // Only the samples of the configuration itself: whoever queries this table must not mix them with another depth's or
  // a warm prompt's. The payload has them all.
  const rows = result.samples.flatMap((sample, position) =>
    isFilledSample(sample) ? [sampleRow(result, sample, position)] : [],
  );
  if (rows.length > 0) await tx.insert(samples).values(rows);
}

/** Whether this attempt's result is stored. */
export async function isStored(tx: Executor, trialId: string, attempt: number): Promise<boolean> {
  const rows = await tx
    .select({ attempt: results.attempt })
    .from(results)
    .where(and(eq(results.trialId, trialId), eq(results.attempt, attempt)));
  return rows.length > 0;
}

const load = async (db: Executor, where: SQL | undefined): Promise<TrialResult[]> => {
  const rows = await db
    .select({ payload: results.payload })
    .from(results)
    .where(where)
    .orderBy(asc(results.trialId), asc(results.attempt));
  return rows.map(({ payload }) => fromBinary(TrialResultSchema, payload));
};

/** Results of one target, by trial and attempt. */
export const resultsOfTarget = (db: Executor, targetId: number): Promise<TrialResult[]> =>
  load(db, eq(results.targetId, targetId));

/** Results of these targets, by trial and attempt. */
export const resultsOfTargets = (db: Executor, targetIds: readonly number[]): Promise<TrialResult[]> =>
  load(db, inArray(results.targetId, [...targetIds]));

/** Results of one sweep, or all (empty id), by trial and attempt. */
export const resultsOfSweep = (db: Executor, sweepId: string): Promise<TrialResult[]> =>
  load(db, sweepId === "" ? undefined : eq(results.sweepId, sweepId));

/** A result's bytes as its machine signed them. */
export interface SignedPayload extends Signed {
  readonly payload: Uint8Array;
}

/**
 * The signed results of one sweep, or all (empty id), by trial and attempt, a few at a time. Those whose raw details were
 * dropped are not what was signed any more.
 */
export async function* signedPayloads(
  db: Executor,
  sweepId: string,
  batch = 100,
): AsyncGenerator<SignedPayload[]> {
  let after = { trialId: "", attempt: 0 };
  for (;;) {
    const { trialId, attempt, payload, signedBy, signature } = getTableColumns(results);
    const rows = await db
      .select({ trialId, attempt, payload, signedBy, signature })
      .from(results)
      .where(
        and(
          sweepId === "" ? undefined : eq(results.sweepId, sweepId),
          isNotNull(results.signature),
          isNull(results.rawDroppedAt),
          sql`(${results.trialId}, ${results.attempt}) > (${after.trialId}, ${after.attempt})`,
        ),
      )
      .orderBy(asc(results.trialId), asc(results.attempt))
      .limit(batch);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last;
    yield rows.flatMap((row) =>
      row.signedBy && row.signature
        ? [{ publicKey: row.signedBy, signature: row.signature, payload: row.payload }]
        : [],
    );
  }
}

/** Targets whose machine was found to be odd: its results do not count for its class. */
const oddTargets = (db: Executor) =>
  db.select({ id: sweepTargets.id }).from(sweepTargets).where(isNotNull(sweepTargets.oddSince));

/** Everything measured for one preset key, but for what odd machines measured. */
export const resultsOfKey = (db: Executor, key: PresetKey): Promise<TrialResult[]> =>
  load(
    db,
    and(
      eq(results.hardwareClass, key.hardwareClass),
      eq(results.modelDigest, key.modelDigest),
      eq(results.engineKind, key.engineKind),
      eq(results.engineVersion, key.engineVersion),
      notInArray(results.targetId, oddTargets(db)),
    ),
  );

/** The newest results of one model on one machine, as its engine is now; newest first, at most so many. */
export async function newestResults(
  db: Executor,
  of: { machineId: string; modelDigest: string; engine: Engine | undefined },
  limit: number,
): Promise<TrialResult[]> {
  const rows = await db
    .select({ payload: results.payload })
    .from(results)
    .where(
      and(
        eq(results.machineId, of.machineId),
        eq(results.modelDigest, of.modelDigest),
        eq(results.engineKind, engineKindWords(of.engine?.kind ?? 0)),
        eq(results.engineVersion, of.engine?.version ?? ""),
      ),
    )
    .orderBy(desc(results.receivedAt), asc(results.trialId))
    .limit(limit);
  return rows.map(({ payload }) => fromBinary(TrialResultSchema, payload));
}

/** All preset keys with when what they are made from changed last: a result came, or a machine was found to be odd. */
export const presetKeys = (db: Executor): Promise<(PresetKey & { newest: Date })[]> =>
  db
    .select({
      hardwareClass: results.hardwareClass,
      modelDigest: results.modelDigest,
      engineKind: results.engineKind,
      engineVersion: results.engineVersion,
      newest: sql<Date>`greatest(max(${results.receivedAt}), max(${sweepTargets.oddSince}))`.mapWith(
        results.receivedAt,
      ),
    })
    .from(results)
    .innerJoin(sweepTargets, eq(sweepTargets.id, results.targetId))
    .groupBy(results.hardwareClass, results.modelDigest, results.engineKind, results.engineVersion);

/** Measuring time spent per target of a sweep, in milliseconds of the agents' clocks. */
export async function spentMsByTarget(db: Executor, sweepId: string): Promise<Map<number, number>> {
  const rows = await db
    .select({ targetId: results.targetId, spentMs: sql<number>`sum(${results.elapsedMs})::float8` })
    .from(results)
    .where(eq(results.sweepId, sweepId))
    .groupBy(results.targetId);
  return new Map(rows.map(({ targetId, spentMs }) => [targetId, spentMs]));
}
