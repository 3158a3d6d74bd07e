// A made grid as text: header, then the raw repetitions of every point of its dimensions. Nothing here was measured;
// the header says `simulated`.
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import type { GridConfig, GridHeader, GridRepetition } from "./recorded-grid.ts";

/** What a made machine answers for a configuration, before noise. */
export type MadeOutcome =
  | { readonly outcome: "oom" | "error" | "timeout"; readonly seconds: number }
  | {
      readonly outcome: "ok";
      readonly decodeTps: number;
      readonly prefillTps: number;
      readonly promptTokens: number;
      readonly memoryBytes: number;
    };

/** A made machine with a made model. */
export interface MadeGrid {
  readonly header: GridHeader;
  readonly answer: (config: GridConfig) => MadeOutcome;
  /** Standard deviation of a repetition on the logarithm. */
  readonly noise: number;
  /** Chance that a repetition is disturbed, and by how much at most. */
  readonly spikes: { readonly chance: number; readonly depth: number };
  readonly repetitions: number;
}

const OUTPUT_TOKENS = 64;
const LOAD_SECONDS = 1.5;

/** Normal deviate by Box and Muller. */
const normal = (random: SeededRandom): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

/** Every combination of the dimensions, in their order. */
export function combinations(dimensions: GridHeader["dimensions"]): GridConfig[] {
  return Object.entries(dimensions).reduce<GridConfig[]>(
    (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

function repetitionOf(
  made: MadeGrid,
  config: GridConfig,
  index: number,
  random: SeededRandom,
): GridRepetition {
  const answer = made.answer(config);
  if (answer.outcome !== "ok")
    return { config, repetition: index, outcome: answer.outcome, seconds: answer.seconds };
  const disturbed = random.next() < made.spikes.chance ? 1 - made.spikes.depth * random.next() : 1;
  const decode = answer.decodeTps * Math.exp(made.noise * normal(random)) * disturbed;
  const prefill = answer.prefillTps * Math.exp(0.5 * made.noise * normal(random)) * disturbed;
  const ttftMs = (1000 * answer.promptTokens) / prefill;
  return {
    config,
    repetition: index,
    outcome: "ok",
    decode_tps: Number(decode.toPrecision(6)),
    prefill_tps: Number(prefill.toPrecision(6)),
    ttft_ms: Number(ttftMs.toPrecision(6)),
    memory_bytes: Math.round(answer.memoryBytes),
    seconds: Number((LOAD_SECONDS + ttftMs / 1000 + OUTPUT_TOKENS / decode).toPrecision(4)),
  };
}

/** The grid as JSON lines. */
export function writeGrid(made: MadeGrid, random: SeededRandom): string {
  const lines = combinations(made.header.dimensions).flatMap((config) =>
    Array.from({ length: made.repetitions }, (_, index) =>
      JSON.stringify(repetitionOf(made, config, index, random)),
    ),
  );
  return `${[JSON.stringify(made.header), ...lines].join("\n")}\n`;
}
