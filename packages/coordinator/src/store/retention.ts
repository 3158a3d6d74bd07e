// Queries on what is kept of old results.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { and, asc, eq, isNull, lt, sql } from "drizzle-orm";
import type { Database } from "./open-store.ts";
import { results, samples } from "./schema/results.ts";

interface Dropping {
  readonly keepMs: number;
  readonly limit: number;
  readonly reduce: (result: TrialResult) => TrialResult;
}

/**
 * Replaces the payloads of the oldest results that came longer ago than `keepMs` by Postgres' clock, and removes their rows
 * for queries, in one transaction.
 * @returns how many
 */
export const dropRawOfOldest = (db: Database, { keepMs, limit, reduce }: Dropping): Promise<number> =>
  db.transaction(async (tx) => {
    const old = await tx
      .select({ trialId: results.trialId, attempt: results.attempt, payload: results.payload })
      .from(results)
      .where(
        and(
          isNull(results.rawDroppedAt),
          lt(results.receivedAt, sql`now() - ${keepMs} * interval '1 millisecond'`),
        ),
      )
      .orderBy(asc(results.receivedAt))
      .limit(limit)
      .for("update", { skipLocked: true });
    for (const { trialId, attempt, payload } of old) {
      const kept = toBinary(TrialResultSchema, reduce(fromBinary(TrialResultSchema, payload)));
      const isIt = and(eq(results.trialId, trialId), eq(results.attempt, attempt));
      await tx.update(results).set({ payload: kept, rawDroppedAt: sql`now()` }).where(isIt);
      await tx.delete(samples).where(and(eq(samples.trialId, trialId), eq(samples.attempt, attempt)));
    }
    return old.length;
  });
