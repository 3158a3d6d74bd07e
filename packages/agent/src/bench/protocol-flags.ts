// The flags that say how a bench is measured, and in what form it is printed.
import type { Configuration } from "@ozone/proto/configuration";
import { promptTokensFor } from "@ozone/shared/configuration";
import { DEPTHS_MAX } from "@ozone/shared/limits";
import { PROMPT_TOKENS_MIN } from "../measure/fill-context.ts";
import { type Flags, shareOf, text, usage, whole } from "./flag-values.ts";
import { ROW_FORMATS, type RowFormat } from "./row-formats.ts";

/** Their lines of `--help`. */
export const PROTOCOL_USAGE = `  --fill F               share of the context to fill, 0..1 (default 0.9)
  --repetitions N        samples per launch (default 3)
  --launches N           fresh loads of the model (default 1)
  --precision            go on until the 95 % intervals are narrow (decode 2 %, prefill 3 %, TTFT 5 %): 6 to 15 samples
  --depths F,F,...       fill to these shares besides: speed over depth
  --warm-prefix          also a second turn: a prompt whose beginning is in the server's cache
  --sustained SECONDS    then generate without a pause: does the machine keep its speed?
  --time-limit SECONDS   longest time for the whole trial (default: follows from num_ctx)`;

/** How they are parsed. */
export const PROTOCOL_FLAGS = {
  fill: { type: "string" },
  repetitions: { type: "string" },
  launches: { type: "string" },
  precision: { type: "boolean" },
  depths: { type: "string" },
  "warm-prefix": { type: "boolean" },
  sustained: { type: "string" },
  "time-limit": { type: "string" },
  "allow-battery": { type: "boolean" },
  format: { type: "string" },
} as const;

/** How a bench is measured. */
export interface BenchProtocol {
  readonly fill: number;
  readonly repetitions: number;
  readonly launches: number;
  readonly limitMs: number;
  /** The limit was given; else it follows from num_ctx and the rates seen. */
  readonly limitGiven: boolean;
  /** Go on until the design's precision is reached. */
  readonly precise: boolean;
  readonly depths: readonly number[];
  readonly warmPrefix: boolean;
  readonly sustainedMs: number;
  readonly allowBattery: boolean;
}

/** Longest trial when nobody says; a server that hangs or drips is given up long before. */
const LIMIT_SECONDS = 3600;

/** Reads them for a configuration. @throws OzoneError invalid_input */
export function benchProtocol(flags: Flags, point: Configuration): BenchProtocol {
  const seconds = whole(flags, "time-limit", { least: 1, most: 86_400 });
  const sustainedMs = 1000 * (whole(flags, "sustained", { least: 1, most: 86_400 }) ?? 0);
  return {
    fill: fillOf(flags),
    repetitions: whole(flags, "repetitions", { least: 1, most: 32 }) ?? 3,
    launches: whole(flags, "launches", { least: 1, most: 16 }) ?? 1,
    limitMs: seconds === undefined ? 1000 * LIMIT_SECONDS + sustainedMs : 1000 * seconds,
    limitGiven: seconds !== undefined,
    precise: flags.precision === true,
    depths: depthsOf(flags, point),
    warmPrefix: flags["warm-prefix"] === true,
    sustainedMs,
    allowBattery: flags["allow-battery"] === true,
  };
}

function fillOf(flags: Flags): number {
  if (flags.fill === undefined) return 0.9;
  const share = shareOf(flags.fill);
  if (share !== null) return share;
  throw usage(`--fill is ${JSON.stringify(flags.fill)}; a number above 0 and up to 1 is needed.`);
}

function depthsOf(flags: Flags, point: Configuration): number[] {
  if (flags.depths === undefined) return [];
  const shares = String(flags.depths).split(",").map(shareOf);
  const depths = shares.filter((share) => share !== null);
  if (depths.length < shares.length || depths.length > DEPTHS_MAX) {
    throw usage(
      `--depths is ${JSON.stringify(flags.depths)}; at most ${DEPTHS_MAX} numbers above 0 and up to 1 with commas are needed, for example 0.1,0.25,0.5.`,
    );
  }
  const shallow = depths.find((depth) => promptTokensFor(point, depth) < PROMPT_TOKENS_MIN);
  if (shallow === undefined) return depths.toSorted((a, b) => a - b);
  throw usage(
    `--depths has ${shallow}, which is ${Math.floor(shallow * point.numCtx)} of num_ctx ${point.numCtx} tokens; a prompt needs ${PROMPT_TOKENS_MIN} at least.`,
  );
}

/** The form of the output; null: in words, or the document with --json. @throws OzoneError invalid_input */
export function rowFormat(flags: Flags): RowFormat | null {
  const name = text(flags, "format");
  if (flags.format === undefined) return null;
  if (name === undefined || !Object.hasOwn(ROW_FORMATS, name)) {
    throw usage(
      `--format is ${JSON.stringify(flags.format)}; one of ${Object.keys(ROW_FORMATS).join(", ")} is needed.`,
    );
  }
  if (flags.json === true) throw usage("--format and --json exclude each other.");
  return name as RowFormat;
}
