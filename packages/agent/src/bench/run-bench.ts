// `ozone-agent bench`: one honest trial with no coordinator. Translates flags to an order, runs it, prints the result.
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { type TrialOrder, TrialOrderSchema, type TrialResult, Verdict } from "@ozone/proto/trial";
import { OzoneError } from "@ozone/shared/errors";
import { PRECISION_TARGETS } from "@ozone/shared/statistics/stopping";
import { cancellable } from "../cancellable.ts";
import { dataDir } from "../data-dir.ts";
import { acquireHostLock } from "../machine/host-lock.ts";
import { probeMachine } from "../machine/identify.ts";
import { cleanUpLeftovers } from "../measure/leave-no-trace.ts";
import { runTrial } from "../run-trial.ts";
import { machinePorts } from "../trial-ports.ts";
import { type BenchDocument, benchDocument } from "./bench-document.ts";
import { BENCH_USAGE, type BenchOptions, benchOptions } from "./bench-options.ts";
import { benchRows } from "./bench-rows.ts";
import { benchText, objections } from "./bench-text.ts";
import { ROW_FORMATS } from "./row-formats.ts";

/** Where a bench writes: the document or text on stdout, progress and complaints on stderr. */
export interface BenchStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

const { decode, prefill, ttft } = PRECISION_TARGETS;

const EXIT_USAGE = 2;
const EXIT_CODES: Readonly<Record<Verdict, number>> = {
  [Verdict.UNSPECIFIED]: 4,
  [Verdict.VALID]: 0,
  [Verdict.REJECTED]: 3,
  [Verdict.FAILED]: 4,
};

/**
 * Runs a bench.
 * @returns the exit code: 0 valid, 2 usage, 3 rejected, 4 failed
 */
export async function runBench(argv: readonly string[], { stdout, stderr }: BenchStreams): Promise<number> {
  let options: BenchOptions;
  try {
    options = benchOptions(argv, process.env);
  } catch (thrown) {
    if (!(thrown instanceof OzoneError)) throw thrown;
    stderr.write(`${thrown.message}\n`);
    return EXIT_USAGE;
  }
  if (options.help) {
    stdout.write(BENCH_USAGE);
    return 0;
  }
  const result = await cancellable((signal) =>
    measure(options, signal, (words) => stderr.write(`${words}\n`)),
  );
  const document = benchDocument(result);
  stdout.write(printed(document, options));
  if (options.format !== null) for (const words of objections(document)) stderr.write(`${words}\n`);
  return EXIT_CODES[result.verdict];
}

function printed(document: BenchDocument, { json, format }: BenchOptions): string {
  if (json) return `${JSON.stringify(document)}\n`;
  return format === null ? benchText(document) : ROW_FORMATS[format](benchRows(document));
}

async function measure(
  options: BenchOptions,
  signal: AbortSignal,
  onActivity: (words: string) => void,
): Promise<TrialResult> {
  const onWait = (): void => onActivity("another benchmark runs on this host; waiting for its end");
  // Cancelled while waiting: the trial then says so, and there is nothing to release.
  const lock = await acquireHostLock({ signal, onWait }).catch((thrown: unknown) => {
    if (signal.aborted) return null;
    throw thrown;
  });
  try {
    const cacheDir = join(dataDir(), "agent", "cache");
    for (const sentence of await cleanUpLeftovers(cacheDir)) onActivity(sentence);
    onActivity("looking at the machine");
    const facts = await probeMachine();
    const { engineUrl } = options;
    const engineDataDir = join(dataDir(), "engine");
    return await runTrial(orderOf(options), {
      ...machinePorts({ engineUrl, env: process.env, engineDataDir, machineId: "", facts, cacheDir }),
      signal,
      onActivity,
      onFullSentence: onActivity,
      waitUntilLimit: options.limitGiven,
    });
  } finally {
    await lock?.release();
  }
}

function orderOf(options: BenchOptions): TrialOrder {
  const { model, configuration, fill, repetitions, launches, limitMs } = options;
  const { precise, depths, warmPrefix, sustainedMs, allowBattery, managed } = options;
  return create(TrialOrderSchema, {
    trialId: "bench",
    attempt: 1,
    modelName: model,
    configuration,
    protocol: create(ProtocolSchema, {
      fill,
      repetitions,
      launches,
      limitMs,
      quietWaitMs: 0,
      allowContended: true,
      ...(precise ? { precision: { decode, prefill, ttft } } : {}),
      depths: [...depths],
      warmPrefix,
      sustainedMs,
      allowBattery,
      managed,
    }),
    // Only a confirmation stops when it is precise.
    purpose: precise ? Purpose.CONFIRM : Purpose.SCREEN,
  });
}
