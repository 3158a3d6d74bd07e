// A recorded grid in the format ozone-grid/1 (JSON lines): a header, then one line per raw repetition, failures included.
import type { Configuration } from "@ozone/proto/configuration";
import {
  configuration,
  configurationKey,
  DIMENSION_FIELDS,
  isDimensionName,
} from "@ozone/shared/configuration";
import { groupBy } from "@ozone/shared/group-by";
import { z } from "zod";

const value = z.union([z.number(), z.string(), z.boolean()]);
const positive = z.number().positive();

const HEADER = z.object({
  format: z.literal("ozone-grid/1"),
  machine: z.object({
    name: z.string(),
    cores: positive,
    memoryBytes: positive,
    gpu: z
      .object({ name: z.string().optional(), memoryBytes: positive.optional() })
      .passthrough()
      .nullable()
      .optional(),
  }),
  model: z.object({
    name: z.string(),
    parameters: positive.optional(),
    weightBytes: positive,
    layers: positive,
    kvHeads: positive,
    headDim: positive,
    trainedContext: positive.optional(),
  }),
  dimensions: z.record(z.string(), z.array(value).min(1)),
  defaults: z.record(z.string(), value),
  provenance: z.enum(["measured", "synthetic", "simulated"]),
});

const REPETITION = z.object({
  config: z.record(z.string(), value),
  repetition: z.number().int().nonnegative(),
  outcome: z.enum(["ok", "oom", "timeout", "error"]),
  decode_tps: positive.optional(),
  prefill_tps: positive.optional(),
  ttft_ms: positive.optional(),
  memory_bytes: positive.optional(),
  seconds: z.number().nonnegative().optional(),
});

/** First line of a grid. */
export type GridHeader = z.infer<typeof HEADER>;
/** One raw repetition. */
export type GridRepetition = z.infer<typeof REPETITION>;
/** A configuration as the file writes it. */
export type GridConfig = Readonly<Record<string, number | string | boolean>>;

/** One configuration of a grid with its repetitions in their order. */
export interface GridPoint {
  readonly key: string;
  readonly config: GridConfig;
  readonly configuration: Configuration;
  readonly repetitions: readonly GridRepetition[];
}

/** A whole grid. */
export interface RecordedGrid {
  readonly header: GridHeader;
  readonly points: ReadonlyMap<string, GridPoint>;
}

/** Output length of grids that do not say: what the objectives are defined for. */
const NUM_PREDICT = 64;

/** on and off in whichever way a file writes them. */
export const settingOf = (given: number | string | boolean): number | string =>
  typeof given === "boolean" ? (given ? "on" : "off") : given;

/** A sentence about a file that can't be used. */
export class GridProblem extends Error {}

/** The configuration of a line; its defaults fill what the line leaves out. */
export function configurationOf(config: GridConfig, defaults: GridConfig): Configuration {
  const values: Record<string, number | string> = {};
  for (const [name, given] of Object.entries({ ...defaults, ...config })) {
    if (!isDimensionName(name)) {
      throw new GridProblem(
        `The dimension ${JSON.stringify(name)} is not known; known are ${Object.keys(DIMENSION_FIELDS).join(", ")}.`,
      );
    }
    const setting = settingOf(given);
    values[DIMENSION_FIELDS[name]] =
      name === "flash_attention" && typeof setting === "number" ? (setting > 0 ? "on" : "off") : setting;
  }
  return configuration({ numCtx: 4096, numBatch: 512, numPredict: NUM_PREDICT, ...values });
}

function lineOf<Value>(schema: z.ZodType<Value>, text: string, number: number): Value {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new GridProblem(`Line ${number} is no JSON object; a grid is JSON lines (ozone-grid/1).`);
  }
  const result = schema.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new GridProblem(
    `Line ${number}: ${issue?.path.join(".") || "the line"}: ${issue?.message ?? "wrong"}.`,
  );
}

/**
 * Parses a grid.
 * @throws GridProblem with one sentence: which line, what is wrong.
 */
export function parseGrid(text: string): RecordedGrid {
  const lines = text
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [{ line, number: index + 1 }]));
  const [first, ...rest] = lines;
  if (!first) throw new GridProblem("The file is empty; a grid begins with its header (ozone-grid/1).");
  const header = lineOf(HEADER, first.line, first.number);
  const repetitions = rest.map(({ line, number }) => lineOf(REPETITION, line, number));
  if (repetitions.length === 0) throw new GridProblem("The grid has a header but no repetition.");
  for (const [index, { outcome, decode_tps, ttft_ms }] of repetitions.entries()) {
    if (outcome === "ok" && (decode_tps === undefined || ttft_ms === undefined)) {
      throw new GridProblem(`Line ${rest[index]?.number}: an ok repetition needs decode_tps and ttft_ms.`);
    }
  }
  const keyed = repetitions.map((one) => ({
    one,
    configuration: configurationOf(one.config, header.defaults),
  }));
  const groups = groupBy(keyed, (entry) => configurationKey(entry.configuration));
  const points = new Map<string, GridPoint>();
  for (const [key, group] of groups) {
    const [head] = group;
    if (!head) continue;
    const sorted = group.map(({ one }) => one).sort((a, b) => a.repetition - b.repetition);
    points.set(key, { key, config: head.one.config, configuration: head.configuration, repetitions: sorted });
  }
  return { header, points };
}
