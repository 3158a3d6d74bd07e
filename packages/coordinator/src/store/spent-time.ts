// Queries on the time that machines spent on trials, for those that have a budget: by Postgres' clock, from what arrived.
import { BUDGET_WINDOW_MS, type SpentTime } from "@ozone/shared/time-budget";
import { and, eq, isNotNull, sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { machineSettings } from "./schema/machine-settings.ts";
import { results } from "./schema/results.ts";

const inWindow = sql`${results.receivedAt} > now() - make_interval(secs => ${BUDGET_WINDOW_MS / 1000})`;

/** Ids of machines that have used up their budget. */
export async function machinesWithoutTime(db: Executor): Promise<Set<string>> {
  const rows = await db
    .select({ machineId: machineSettings.machineId })
    .from(machineSettings)
    .leftJoin(results, and(eq(results.machineId, machineSettings.machineId), inWindow))
    .where(isNotNull(machineSettings.dailyMs))
    .groupBy(machineSettings.machineId)
    .having(sql`coalesce(sum(${results.elapsedMs}), 0) >= ${machineSettings.dailyMs}`);
  return new Set(rows.map(({ machineId }) => machineId));
}

/** A machine's budget and what it spent of it. */
export interface TimeBudget {
  readonly budgetMs: number;
  readonly spent: readonly SpentTime[];
}

/** Budgets by machine. */
export async function timeBudgets(db: Executor): Promise<ReadonlyMap<string, TimeBudget>> {
  const rows = await db
    .select({
      machineId: machineSettings.machineId,
      budgetMs: sql<number>`${machineSettings.dailyMs}`,
      endedAtMs: sql<number | null>`(extract(epoch from ${results.receivedAt}) * 1000)::float8`,
      elapsedMs: results.elapsedMs,
    })
    .from(machineSettings)
    .leftJoin(results, and(eq(results.machineId, machineSettings.machineId), inWindow))
    .where(isNotNull(machineSettings.dailyMs));
  const budgets = new Map<string, { budgetMs: number; spent: SpentTime[] }>();
  for (const { machineId, budgetMs, endedAtMs, elapsedMs } of rows) {
    const budget = budgets.get(machineId) ?? { budgetMs, spent: [] };
    if (endedAtMs !== null && elapsedMs !== null) budget.spent.push({ endedAtMs, elapsedMs });
    budgets.set(machineId, budget);
  }
  return budgets;
}
