// One honest trial, from the order to the result. This file reads like the protocol (docs/metrics.md); each step is a
// file in measure/. It never throws for what goes wrong in a trial: a failure is a result.
import type { TrialOrder, TrialResult } from "@ozone/proto/trial";
import { messageOf } from "@ozone/shared/errors";
import { TrialFailure } from "@ozone/shared/failure";
import { resultWithoutOwner } from "@ozone/shared/result-without-owner";
import { type Attempt, type Launch, openAttempt, warn } from "./measure/attempt.ts";
import { fillContext } from "./measure/fill-context.ts";
import { fillDepths } from "./measure/fill-depths.ts";
import { startFreshRunner, unloadModel } from "./measure/fresh-runner.ts";
import { leaveNoTrace, promiseToLeaveNoTrace } from "./measure/leave-no-trace.ts";
import { needsManagedServer, onManagedServer } from "./measure/managed-attempt.ts";
import { requireOptionsOfModel } from "./measure/options-of-model.ts";
import type { TrialPorts } from "./measure/ports.ts";
import { preparePrompts } from "./measure/prepare-prompts.ts";
import { probeLength } from "./measure/probe-length.ts";
import { probeOptions } from "./measure/probe-options.ts";
import { repeatPrefix } from "./measure/repeat-prefix.ts";
import { requireMemory } from "./measure/require-memory.ts";
import { resolveModel } from "./measure/resolve-model.ts";
import { resultOf } from "./measure/result.ts";
import { runSustained } from "./measure/run-sustained.ts";
import { warmUpRunner } from "./measure/warm-up-runner.ts";
import { cleanerHere } from "./owner-here.ts";

/**
 * Runs one attempt at a trial, on a server of its own where the order asks for a server's settings. The result is signed and
 * published as it is: its sentences say nothing of whose machine this is.
 * @throws TrialFailure internal, only for an order that is none (no configuration or no protocol)
 */
export async function runTrial(order: TrialOrder, ports: TrialPorts): Promise<TrialResult> {
  const whole = await runWhole(order, ports);
  const result = resultWithoutOwner(whole, cleanerHere(ports.engineUrl, ports.machineName));
  const said = whole.failure?.message ?? "";
  if (said !== (result.failure?.message ?? "")) ports.onFullSentence?.(said);
  return result;
}

async function runWhole(order: TrialOrder, ports: TrialPorts): Promise<TrialResult> {
  if (!needsManagedServer(order)) return runAttempt(order, ports);
  try {
    return await onManagedServer(order, ports, (managed) => runAttempt(order, managed));
  } catch (thrown) {
    return resultOf(openAttempt(order, ports), asFailure(thrown, ports.signal));
  }
}

async function runAttempt(order: TrialOrder, ports: TrialPorts): Promise<TrialResult> {
  const attempt = openAttempt(order, ports);
  let failure: TrialFailure | null = null;
  try {
    await measure(attempt);
  } catch (thrown) {
    failure = asFailure(thrown, ports.signal);
  }
  await leaveNoTrace(attempt);
  return resultOf(attempt, failure);
}

async function measure(attempt: Attempt): Promise<void> {
  const { ports, protocol } = attempt;
  ports.onActivity("waiting for a quiet machine");
  attempt.conditions = await ports.conditions.waitUntilQuiet(protocol.quietWaitMs, ports.signal);
  requireMains(attempt);
  await resolveModel(attempt);
  await requireMemory(attempt);
  await promiseToLeaveNoTrace(attempt);
  const launches = Math.max(1, protocol.launches);
  for (let launch = 0; launch < launches; launch += 1) {
    await startFreshRunner(attempt, launch);
    const prompts = await preparePrompts(attempt);
    await warmUpRunner(attempt, prompts);
    const isLast = launch === launches - 1;
    const goOn = await takeSamples(attempt, { launch, isLast, prompts });
    if (isLast) await requireOptionsOfModel(attempt);
    if (isLast) await probeOptions(attempt);
    await unloadModel(attempt);
    if (!goOn) break;
  }
}

/** @returns whether it is worth going on */
async function takeSamples(attempt: Attempt, launch: Launch): Promise<boolean> {
  if (!(await fillContext(attempt, launch))) return false;
  // Right behind the sample whose prompt it repeats: any other prompt would take that one's place in the cache.
  if (!(await repeatPrefix(attempt, launch))) return false;
  if (!launch.isLast) return true;
  await probeLength(attempt, launch);
  return (await fillDepths(attempt, launch)) && (await runSustained(attempt, launch));
}

/** A battery's manners are not the machine's speed. An unknown power source runs: most machines that don't tell have no battery. */
function requireMains(attempt: Attempt): void {
  if (attempt.conditions?.powerSource !== "battery") return;
  if (!attempt.protocol.allowBattery) {
    throw new TrialFailure(
      "on_battery",
      "The machine runs on battery, where it is slower; connect it to the mains, or allow it (--allow-battery, allow_battery in a sweep file).",
    );
  }
  warn(attempt, {
    code: "on_battery",
    message: "The machine runs on battery, where it may be slower; connect it to the mains and run again.",
  });
}

function asFailure(thrown: unknown, signal: AbortSignal): TrialFailure {
  if (signal.aborted) return new TrialFailure("cancelled", "The trial was cancelled.", { cause: thrown });
  if (thrown instanceof TrialFailure) return thrown;
  return new TrialFailure("internal", `Something failed inside the agent: ${messageOf(thrown)}.`, {
    cause: thrown,
  });
}
