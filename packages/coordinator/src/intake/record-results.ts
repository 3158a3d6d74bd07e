// Results into Postgres: one transaction for a batch, fenced, idempotent. Receipts are made from what was committed.
import { create } from "@bufbuild/protobuf";
import { type Receipt, ReceiptOutcome, ReceiptSchema, type TrialResult } from "@ozone/proto/trial";
import type { ArrivedResult } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { closeAttempt } from "../store/attempts.ts";
import type { Store, Transaction } from "../store/open-store.ts";
import { insertResult, isStored, type PresetKey, presetKeyOf, quarantineMessage } from "../store/results.ts";
import { changeTrial, lockTrials, type TrialRow } from "../store/trials.ts";
import { decideIntake, type IntakeDecision } from "./decide.ts";
import { parseResult, UnusableResult } from "./validate-result.ts";

/** A committed outcome: what to tell which machine, and which presets it touches. */
export interface Recorded {
  readonly arrived: ArrivedResult;
  readonly receipt: Receipt;
  readonly touched: PresetKey | null;
}

interface Parsed {
  readonly arrived: ArrivedResult;
  readonly result: TrialResult;
}

const receipt = (result: TrialResult, outcome: ReceiptOutcome, reason = ""): Receipt =>
  create(ReceiptSchema, { trialId: result.trialId, attempt: result.attempt, outcome, reason });

async function apply(
  tx: Transaction,
  { arrived, result }: Parsed,
  trials: Map<string, TrialRow>,
): Promise<IntakeDecision> {
  const trial = trials.get(result.trialId) ?? null;
  const stored = trial !== null && (await isStored(tx, result.trialId, result.attempt));
  const decision = decideIntake(trial, result, stored);
  if (decision.outcome === ReceiptOutcome.REFUSED) {
    await quarantineMessage(tx, {
      machineId: arrived.machineId,
      reason: decision.reason,
      payload: arrived.payload,
    });
  }
  if (decision.outcome !== ReceiptOutcome.STORED || !trial) return decision;
  await insertResult(tx, result, { targetId: trial.targetId, payload: arrived.payload });
  await closeAttempt(tx, { trialId: trial.id, number: result.attempt }, "reported");
  const { state, failedAttempts, failure } = decision;
  await changeTrial(tx, trial.id, { state, failedAttempts, failure });
  // A later result of the same batch must see the move.
  trials.set(trial.id, { ...trial, state, failedAttempts });
  return decision;
}

function recorded({ arrived, result }: Parsed, decision: IntakeDecision): Recorded {
  const reason = "reason" in decision ? decision.reason : "";
  const touched = decision.outcome === ReceiptOutcome.STORED ? presetKeyOf(result) : null;
  return { arrived, receipt: receipt(result, decision.outcome, reason), touched };
}

const commitTogether = (store: Store, batch: readonly Parsed[]): Promise<Recorded[]> =>
  store.db.transaction(async (tx) => {
    const trials = await lockTrials(tx, [...new Set(batch.map(({ result }) => result.trialId))]);
    const all: Recorded[] = [];
    for (const parsed of batch) all.push(recorded(parsed, await apply(tx, parsed, trials)));
    return all;
  });

/** A message that Postgres itself refuses must not hold up the others: each alone, the culprit to quarantine. */
async function commitApart(store: Store, batch: readonly Parsed[]): Promise<Recorded[]> {
  const all: Recorded[] = [];
  for (const parsed of batch) {
    try {
      all.push(...(await commitTogether(store, [parsed])));
    } catch (thrown) {
      await store.ping();
      const { arrived, result } = parsed;
      const reason = `Postgres refused the result: ${messageOf(thrown)}`;
      await quarantineMessage(store.db, { machineId: arrived.machineId, reason, payload: arrived.payload });
      all.push({ arrived, receipt: receipt(result, ReceiptOutcome.REFUSED, reason), touched: null });
    }
  }
  return all;
}

/**
 * Records a batch of arrived results.
 * @returns one entry per result, committed.
 * @throws when Postgres is away: nothing was acknowledged then, and everything will be delivered again.
 */
export async function recordResults(store: Store, batch: readonly ArrivedResult[]): Promise<Recorded[]> {
  const parsed: Parsed[] = [];
  const refused: Recorded[] = [];
  for (const arrived of batch) {
    try {
      parsed.push({ arrived, result: parseResult(arrived.payload, arrived.machineId) });
    } catch (thrown) {
      if (!(thrown instanceof UnusableResult)) throw thrown;
      const reason = thrown.message;
      await quarantineMessage(store.db, { machineId: arrived.machineId, reason, payload: arrived.payload });
      const empty = create(ReceiptSchema, { outcome: ReceiptOutcome.REFUSED, reason });
      refused.push({ arrived, receipt: empty, touched: null });
    }
  }
  if (parsed.length === 0) return refused;
  try {
    return [...refused, ...(await commitTogether(store, parsed))];
  } catch (thrown) {
    // Alone it is the culprit or Postgres is away; commitApart tells which (its ping throws when Postgres is away).
    if (thrown instanceof Error) await store.ping();
    return [...refused, ...(await commitApart(store, parsed))];
  }
}
