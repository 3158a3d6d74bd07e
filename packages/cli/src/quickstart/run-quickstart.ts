// The main job in one go: up, a quick sweep, presets, report, down. It leaves running what ran before.

import { create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import type { Preset } from "@ozone/proto/preset";
import { MatrixSchema, type Sweep } from "@ozone/proto/sweep";
import { SweepService } from "@ozone/proto/sweep_service";
import { OzoneError } from "@ozone/shared/errors";
import { QUICK_BUDGET_MS } from "@ozone/shared/sweep-file";
import { connectCoordinator } from "../coordinator-client.ts";
import { bringUp, type Stack } from "../local/bring-up.ts";
import { livingCoordinator } from "../local/start-coordinator.ts";
import { takeDown } from "../local/take-down.ts";
import { inReadingOrder } from "../presets/preset-order.ts";
import { type BuiltReport, buildReport } from "../report/build-report.ts";
import { followSweep } from "../watch/follow-sweep.ts";
import { progressWriter } from "../watch/progress-writer.ts";
import { sweepProblem } from "../watch/sweep-outcome.ts";

/** A quick sweep that takes longer than this is cut; what it has measured by then counts. */
const SWEEP_MS_MAX = 420_000;

/** What was typed. */
export interface QuickstartOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Empty: the smallest that fits. */
  readonly model: string;
  readonly out: string;
  /** Leave everything running afterwards. */
  readonly keep: boolean;
  readonly allowBattery: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What came out. */
export interface QuickstartResult extends BuiltReport {
  readonly stack: Stack;
  readonly sweep: Sweep;
  readonly presets: readonly Preset[];
  /** Whether it was left running. */
  readonly running: boolean;
}

/** Runs it; whatever happens, what this call started is stopped again unless `keep` says otherwise. */
export async function runQuickstart(options: QuickstartOptions): Promise<QuickstartResult> {
  const { folder, env, progress, signal } = options;
  const wasRunning = livingCoordinator(folder) !== null;
  const running = wasRunning || options.keep;
  const stack = await bringUp({ folder, env, progress, signal });
  try {
    progress(`measuring on ${stack.engine.url} (machine ${stack.agent.machine.id})`);
    const measured = await measure(stack, options);
    return { ...measured, stack, running };
  } finally {
    if (running) progress("leaving Ozone running; `ozone down` stops it");
    else await takeDown({ folder, env, progress });
  }
}

async function measure(stack: Stack, options: QuickstartOptions) {
  const { model, out, signal, allowBattery } = options;
  const address = stack.coordinator.runFile.grpcAddress;
  const client = connectCoordinator(address);
  try {
    const request = {
      name: "quickstart",
      models: model === "" ? [] : [model],
      machines: [stack.agent.machine.id],
      strategy: "quick",
      matrix: create(MatrixSchema),
      protocol: create(ProtocolSchema, { allowBattery }),
      budgetMs: QUICK_BUDGET_MS,
    };
    const { sweep: started } = await client.call(SweepService.method.startSweep, { request }, { signal });
    if (!started) throw new OzoneError("internal", "The coordinator started no sweep and did not say why.");
    const sweep = await followToTheEnd(address, started.id, options);
    const { report, written, provenance } = await buildReport(client, { out, sweepId: sweep.id, signal });
    if (report.presets.length === 0) {
      throw new OzoneError(
        "internal",
        `Sweep ${sweep.id} gave no preset; see \`ozone sweep show ${sweep.id}\`.`,
      );
    }
    return { sweep, report, written, provenance, presets: inReadingOrder(report.presets) };
  } finally {
    client.close();
  }
}

/** Follows the sweep; Ctrl-C and the time limit cancel it. */
async function followToTheEnd(address: string, sweepId: string, options: QuickstartOptions): Promise<Sweep> {
  const writer = progressWriter(process.stderr);
  const tooLong = AbortSignal.timeout(SWEEP_MS_MAX);
  const signal = AbortSignal.any([options.signal, tooLong]);
  try {
    const connect = () => connectCoordinator(livingCoordinator(options.folder)?.grpcAddress ?? address);
    const followed = await followSweep({ connect, sweepId, writer, signal });
    const problem = sweepProblem(followed);
    if (problem) throw problem;
    return followed.sweep;
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    const cancelled = await cancelSweep(address, sweepId);
    if (options.signal.aborted || !cancelled)
      throw new OzoneError("cancelled", "Interrupted; what was started is stopped.");
    writer.note("the sweep took too long and was cut; what was measured counts");
    return cancelled;
  } finally {
    writer.end();
  }
}

async function cancelSweep(address: string, sweepId: string): Promise<Sweep | undefined> {
  const client = connectCoordinator(address);
  try {
    return (await client.call(SweepService.method.cancelSweep, { sweepId })).sweep;
  } finally {
    client.close();
  }
}
