// Results into Postgres: one transaction for a batch, fenced, idempotent. Receipts are made from what was committed.
import { create } from "@bufbuild/protobuf";
import {
  FailureSchema,
  type Receipt,
  ReceiptOutcome,
  ReceiptSchema,
  type TrialResult,
  TrialResultSchema,
  Verdict,
} from "@ozone/proto/trial";
import { messageOf } from "@ozone/shared/errors";
import { closeAttempt, isReported } from "../store/attempts.ts";
import { barredOf, keysOf } from "../store/machine-identities.ts";
import type { Executor, Store, Transaction } from "../store/open-store.ts";
import { quarantineMessage } from "../store/quarantine.ts";
import { insertResult, isStored, type PresetKey, presetKeyOf } from "../store/results.ts";
import { findTarget } from "../store/sweeps.ts";
import { changeTrial, lockTrials, type TrialRow } from "../store/trials.ts";
import { decideIntake, type IntakeDecision } from "./decide.ts";
import { foreignClaim } from "./foreign-claim.ts";
import { FOREIGN_SIGNATURE, type IncomingResult, signedBy } from "./signed-by.ts";
import { parseResult, UnusableResult, unusableWords } from "./validate-result.ts";

/** What became of a message, in one word of a closed list: for counting. */
export type CountedAs =
  | "stored"
  | "duplicate"
  | "stale"
  | "unusable"
  | "not_its_trial"
  | "foreign_signature"
  | "revoked"
  | "not_storable";

/** A committed outcome: what to tell which machine, and which presets it touches. */
export interface Recorded {
  readonly arrived: IncomingResult;
  /** Null when nobody can tell which attempt it was about, or whether its machine has sent it. */
  readonly receipt: Receipt | null;
  /** Why it does not count; empty when it does. */
  readonly reason: string;
  readonly touched: PresetKey | null;
  /** As it was read; null: nothing could be, or it is another machine's. */
  readonly result: TrialResult | null;
  readonly countedAs: CountedAs;
}

/** A message as read; `unusable` says why it can't be counted. */
interface Message {
  readonly arrived: IncomingResult;
  readonly result: TrialResult | null;
  readonly unusable: string | null;
}

/** A message, and whose signature it carries. */
interface CheckedMessage extends Message {
  readonly signed: ReturnType<typeof signedBy>;
}

function readMessage(arrived: IncomingResult): Message {
  try {
    return { arrived, result: parseResult(arrived.payload, arrived.machineId), unusable: null };
  } catch (thrown) {
    if (!(thrown instanceof UnusableResult)) throw thrown;
    // A result of another machine must not touch anything, not even as a failure.
    const own = thrown.result?.machineId === arrived.machineId ? thrown.result : null;
    return { arrived, result: own, unusable: thrown.message };
  }
}

/** What can't be counted still ends its attempt: otherwise the trial would be run again and again. */
const asFailed = (result: TrialResult, reason: string): TrialResult =>
  create(TrialResultSchema, {
    ...result,
    verdict: Verdict.FAILED,
    failure: create(FailureSchema, { failureClass: "protocol_error", message: reason }),
  });

const COUNTED_AS: Readonly<Partial<Record<ReceiptOutcome, CountedAs>>> = {
  [ReceiptOutcome.STORED]: "stored",
  [ReceiptOutcome.DUPLICATE]: "duplicate",
  [ReceiptOutcome.STALE]: "stale",
};

function toRecorded(
  { arrived, result }: Message,
  outcome: ReceiptOutcome,
  { reason = "", refusedAs = "unusable" as CountedAs } = {},
): Recorded {
  const about = arrived.attempt ?? result;
  const receipt = about
    ? create(ReceiptSchema, { trialId: about.trialId, attempt: about.attempt, outcome, reason })
    : null;
  const touched = outcome === ReceiptOutcome.STORED && result ? presetKeyOf(result) : null;
  return { arrived, receipt, reason, touched, result, countedAs: COUNTED_AS[outcome] ?? refusedAs };
}

function quarantine(db: Executor, { arrived }: Message, reason: string): Promise<void> {
  const { machineId, payload, signature = null } = arrived;
  return quarantineMessage(db, { machineId, reason, payload, signature });
}

async function move(
  tx: Transaction,
  trial: TrialRow,
  attempt: number,
  change: Extract<IntakeDecision, { outcome: ReceiptOutcome.STORED }>,
): Promise<TrialRow> {
  const { state, failedAttempts, failure } = change;
  await closeAttempt(tx, { trialId: trial.id, number: attempt }, "reported");
  await changeTrial(tx, trial.id, { state, failedAttempts, failure });
  return { ...trial, state, failedAttempts };
}

async function applyUnusable(
  tx: Transaction,
  message: Message,
  trials: Map<string, TrialRow>,
): Promise<Recorded> {
  const { result, unusable } = message;
  const reason = unusable ?? "";
  await quarantine(tx, message, reason);
  const trial = result ? trials.get(result.trialId) : undefined;
  if (result && trial) {
    const counted = await isReported(tx, { trialId: trial.id, number: result.attempt });
    const decision = decideIntake(trial, asFailed(result, reason), counted);
    if (decision.outcome === ReceiptOutcome.STORED)
      trials.set(trial.id, await move(tx, trial, result.attempt, decision));
  }
  return toRecorded(message, ReceiptOutcome.REFUSED, { reason });
}

/**
 * What another key than the machine's signed may come from anybody who can write there: it is kept, and touches nothing else. No
 * receipt is given either: one that names the attempt would let the machine's outbox forget the real result.
 */
async function applyForeign(tx: Transaction, message: Message): Promise<Recorded> {
  await quarantine(tx, message, FOREIGN_SIGNATURE);
  const nothing = { receipt: null, touched: null, result: null };
  const { arrived } = message;
  return { arrived, ...nothing, reason: FOREIGN_SIGNATURE, countedAs: "foreign_signature" };
}

const claimOf = async (tx: Transaction, trial: TrialRow, result: TrialResult) =>
  foreignClaim({ ...trial, modelDigest: (await findTarget(tx, trial.targetId))?.modelDigest ?? "" }, result);

async function apply(
  tx: Transaction,
  message: CheckedMessage,
  trials: Map<string, TrialRow>,
): Promise<Recorded> {
  const { arrived, result, unusable, signed } = message;
  // Before anything else: what can't be read would end an attempt too.
  if (signed === "foreign") return applyForeign(tx, message);
  if (unusable !== null || !result) return applyUnusable(tx, message, trials);
  const trial = trials.get(result.trialId) ?? null;
  const stored = trial !== null && (await isStored(tx, result.trialId, result.attempt));
  const decision = decideIntake(trial, result, stored);
  const reason = "reason" in decision ? decision.reason : "";
  const claim = trial && decision.outcome === ReceiptOutcome.STORED ? await claimOf(tx, trial, result) : null;
  if (claim !== null) return applyUnusable(tx, { ...message, unusable: unusableWords(claim) }, trials);
  if (decision.outcome === ReceiptOutcome.REFUSED) await quarantine(tx, message, reason);
  if (decision.outcome === ReceiptOutcome.STORED && trial) {
    await insertResult(tx, result, { targetId: trial.targetId, payload: arrived.payload, signed });
    // A later result of the same batch must see the move.
    trials.set(trial.id, await move(tx, trial, result.attempt, decision));
  }
  return toRecorded(message, decision.outcome, { reason, refusedAs: "not_its_trial" });
}

/** What a machine that is not let in sent, or had sent before: kept, and nothing is moved by it. */
async function applyBarred(tx: Transaction, message: Message): Promise<Recorded> {
  const reason = `${message.arrived.machineId} was revoked.`;
  await quarantine(tx, message, reason);
  return toRecorded(message, ReceiptOutcome.REFUSED, { reason, refusedAs: "revoked" });
}

const commitTogether = (store: Store, batch: readonly Message[]): Promise<Recorded[]> =>
  store.db.transaction(async (tx) => {
    const senders = new Set(batch.map(({ arrived }) => arrived.machineId));
    const barred = await barredOf(tx, [...senders], true);
    const keys = await keysOf(tx, [...senders]);
    const checked = batch.map((message) => ({
      ...message,
      signed: signedBy(message.arrived, keys.get(message.arrived.machineId)),
    }));
    // What a foreign key signed names nothing that is looked at: an id that Postgres does not take would earn it a receipt.
    const named = checked.flatMap(({ result, signed }) => (result && signed !== "foreign" ? [result] : []));
    const trials = await lockTrials(tx, [...new Set(named.map(({ trialId }) => trialId))]);
    const all: Recorded[] = [];
    for (const message of checked) {
      const isBarred = barred.has(message.arrived.machineId);
      all.push(isBarred ? await applyBarred(tx, message) : await apply(tx, message, trials));
    }
    return all;
  });

const REASON_MAX = 500;

/** A message that Postgres itself refuses must not hold up the others: each alone, the culprit to quarantine. */
async function commitApart(store: Store, batch: readonly Message[]): Promise<Recorded[]> {
  const all: Recorded[] = [];
  for (const message of batch) {
    try {
      all.push(...(await commitTogether(store, [message])));
    } catch (thrown) {
      await store.ping();
      // The query's own words hold all that the result does.
      const why = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
      const reason = `Postgres refused the result: ${messageOf(why)}`.slice(0, REASON_MAX);
      await quarantine(store.db, message, reason);
      all.push(toRecorded(message, ReceiptOutcome.REFUSED, { reason, refusedAs: "not_storable" }));
    }
  }
  return all;
}

/**
 * Records a batch of arrived results.
 * @returns one entry per result, committed.
 * @throws when Postgres is away: nothing was acknowledged then, and everything will be delivered again.
 */
export async function recordResults(store: Store, batch: readonly IncomingResult[]): Promise<Recorded[]> {
  const messages = batch.map(readMessage);
  try {
    return await commitTogether(store, messages);
  } catch {
    // One of them is the culprit, or Postgres is away; the ping tells which: it throws when Postgres is away.
    await store.ping();
    return commitApart(store, messages);
  }
}
