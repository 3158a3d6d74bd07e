// One trial through `ozone-agent bench`, as a process, for scenarios that compare rates.
import { expect } from "vitest";
import { runToEnd } from "./processes.ts";

/** The part of the document that scenarios look at. */
export interface Bench {
  readonly verdict: string;
  readonly context: { allocated: number; promptTokens: number; filled: boolean };
  readonly metrics: { decodeTokensPerSecond: { median: number; n: number } };
}

/** What to measure where. */
export interface BenchOf {
  readonly url: string;
  readonly model: string;
  readonly numCtx: number;
  readonly dataDir: string;
}

/** One honest trial of three samples; any verdict is an answer, an error of ours is not. */
export async function honestBench({ url, model, numCtx, dataDir }: BenchOf): Promise<Bench> {
  const options = { "num-ctx": numCtx, "num-thread": 1, "num-predict": 64, repetitions: 3 };
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const args = ["bench", "--ollama-url", url, "--model", model, ...flags, "--json"];
  const { code, stdout, stderr } = await runToEnd("agent", { args, env: { OZONE_DATA_DIR: dataDir } });
  expect([0, 3], stderr).toContain(code);
  return JSON.parse(stdout) as Bench;
}

/** Median decode rate, tokens per second. */
export const decodeRate = ({ metrics }: Bench): number => metrics.decodeTokensPerSecond.median;
