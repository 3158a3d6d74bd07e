// Carries out one order of the coordinator, once: what is on disk tells how far it came before a kill. The host lock is
// held by the caller, and what a kill left of an application has been ended or undone (finish-interrupted.ts).
import { ApplyingAction, type ApplyingOrder, type ApplyingOutcome } from "@ozone/proto/applying";
import { messageOf } from "@ozone/shared/errors";
import { TrialFailure } from "@ozone/shared/failure";
import type { EngineClient } from "../ollama/engine-client.ts";
import type { Standing } from "./application.ts";
import { readApplication } from "./application-notes.ts";
import { type ApplyPorts, applyPreset } from "./apply-preset.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import { lookAtNames } from "./installed-names.ts";
import { failedOutcome, measuredOutcome, rolledBackOutcome } from "./order-outcome.ts";
import { type OrderRecord, readRecord, writeRecord } from "./order-records.ts";
import type { MeasureLaunch } from "./re-measure.ts";
import { rollBack } from "./roll-back.ts";

/** Everything around it. */
export interface OrderPorts {
  readonly engine: EngineClient;
  /** Where the notes and the records are. */
  readonly folder: string;
  readonly hardwareClass: string;
  /** Aborts when the order is withdrawn or the agent stops. */
  readonly signal: AbortSignal;
  /** Aborts when the agent stops. */
  readonly stop: AbortSignal;
  say(words: string): void;
  readonly measurer: (order: ApplyingOrder) => MeasureLaunch;
}

/** A machine that was cut off so often while it was at one order is not asked again. */
const BEGUN_MAX = 3;

/**
 * Carries it out, or says what came of it before. What is returned is on disk.
 * @throws TrialFailure when a roll-back can't be tried now (the server does not answer): it is to be tried again
 */
export async function carryOut(order: ApplyingOrder, ports: OrderPorts): Promise<ApplyingOutcome> {
  const { folder, engine } = ports;
  for (const sentence of await finishInterrupted(folder, engine)) ports.say(sentence);
  const record = await readRecord(folder, order.orderId);
  const known = record.outcome ?? (await decidedBefore(record, order, ports));
  const outcome = known ?? (await attempt(order, record, ports));
  if (record.outcome === null) await writeRecord(folder, { ...record, outcome, recorded: false });
  return outcome;
}

/** A kill came after the decision: it was kept if the notes say that it stands. */
async function decidedBefore(
  { decided }: OrderRecord,
  { name }: ApplyingOrder,
  ports: OrderPorts,
): Promise<ApplyingOutcome | null> {
  if (decided === null) return null;
  const standing = await standingAs(name, ports);
  if (standing?.digest !== decided.digest) return null;
  return { ...decided, backupName: standing.before.backupName ?? "" };
}

async function attempt(
  order: ApplyingOrder,
  record: OrderRecord,
  ports: OrderPorts,
): Promise<ApplyingOutcome> {
  const { action } = order;
  if (action !== ApplyingAction.APPLY && action !== ApplyingAction.ROLL_BACK) {
    return failedOutcome(order, "This agent does not know what is asked for; bring it up to date.");
  }
  const begun = { ...record, begun: record.begun + 1 };
  if (action === ApplyingAction.ROLL_BACK) {
    if (record.begun > 0) return (await doneBefore(order, ports)) ?? takeBack(order, ports);
    await writeRecord(ports.folder, begun);
    return takeBack(order, ports);
  }
  if (record.begun >= BEGUN_MAX) {
    const why = `It was begun ${record.begun} times, and each time the agent was ended before it was done.`;
    return failedOutcome(order, why);
  }
  await writeRecord(ports.folder, begun);
  return apply(order, begun, ports);
}

async function apply(
  order: ApplyingOrder,
  record: OrderRecord,
  { measurer, stop, ...ports }: OrderPorts,
): Promise<ApplyingOutcome> {
  const { preset, name, replace, despiteChanges } = order;
  if (preset === undefined) return failedOutcome(order, "The order has no preset.");
  const around: ApplyPorts = {
    ...ports,
    measure: measurer(order),
    onDecided: (outcome) =>
      writeRecord(ports.folder, { ...record, decided: measuredOutcome(order, outcome) }),
  };
  try {
    const request = { preset, as: name, replace, despiteChanges, onlyAnew: true };
    return measuredOutcome(order, await applyPreset(request, around));
  } catch (thrown) {
    if (!stop.aborted) return failedOutcome(order, messageOf(thrown));
    // The agent was asked to end, which is no fault of the order: it begins again with the agent.
    await writeRecord(ports.folder, { ...record, begun: record.begun - 1 });
    throw thrown;
  }
}

async function takeBack(order: ApplyingOrder, ports: OrderPorts): Promise<ApplyingOutcome> {
  const { name, digest } = order;
  const standing = await standingAs(name, ports);
  if (standing !== null && standing.digest !== digest) {
    const why = `Another preset was applied as ${name} since; it was left as it is.`;
    return failedOutcome(order, why);
  }
  try {
    return rolledBackOutcome(order, await rollBack(name, ports));
  } catch (thrown) {
    if (thrown instanceof TrialFailure) throw thrown;
    return failedOutcome(order, messageOf(thrown));
  }
}

/** A kill came after the roll-back: there is no note any more. */
async function doneBefore(order: ApplyingOrder, ports: OrderPorts): Promise<ApplyingOutcome | null> {
  const { name } = order;
  if ((await standingAs(name, ports)) !== null) return null;
  const restored = (await lookAtNames(ports.engine, ports.signal)).digestOf(name);
  return rolledBackOutcome(order, { outcome: "rolled back", name, restored });
}

const standingAs = async (name: string, { folder, engine }: OrderPorts): Promise<Standing | null> =>
  (await readApplication(folder, { engineUrl: engine.url, name }))?.standing ?? null;
