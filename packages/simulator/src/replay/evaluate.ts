// How good the guided search is over many made machines, with random search at equal budget beside it, and what becomes
// of it when it is told wrong things. Pure: the same arguments, the same figures.
import { quantile } from "@ozone/shared/statistics/median";
import { type SeededRandom, seededRandom } from "@ozone/shared/statistics/seeded-random";
import { mechanicalGrid } from "../grids/mechanical-grid.ts";
import { type GridConfig, type GridHeader, parseGrid, type RecordedGrid } from "../grids/recorded-grid.ts";
import { tabularGrid } from "../grids/tabular-grid.ts";
import { type MadeGrid, writeGrid } from "../grids/write-grid.ts";
import { ABLATION_WORDS, type Ablation, searchOf } from "./ablations.ts";
import { halfOf } from "./halves.ts";
import { replay, replayStrategy } from "./replay.ts";

const KINDS = { mechanical: mechanicalGrid, tabular: tabularGrid } as const;

const NOISY = 2;
const VERY_NOISY = 0.2;
const WRONG_BY = 4;

/** A made machine by its name, "mechanical-7", and where its noise comes from. */
export function madeNamed(name: string): { readonly made: MadeGrid; readonly random: SeededRandom } {
  const [kind = "", seed = ""] = name.split("-");
  const make = KINDS[kind as keyof typeof KINDS];
  const random = seededRandom(`${kind}/${seed}`);
  return { made: make(random.fork("machine"), name), random };
}

/** A made grid by its name. `noise` draws other repetitions of the same machine. */
export function gridNamed(name: string, ablation: Ablation = "none", noise = "noise"): RecordedGrid {
  const { made, random } = madeNamed(name);
  const text = writeGrid(noisier(made, ablation), random.fork(noise));
  const grid = parseGrid(text);
  return { ...grid, header: told(grid.header, ablation) };
}

function noisier(made: MadeGrid, ablation: Ablation): MadeGrid {
  if (ablation === "noise doubled") return { ...made, noise: NOISY * made.noise };
  return ablation === "noise of 20 %" ? { ...made, noise: VERY_NOISY } : made;
}

/** What choices are judged by: the repetitions that no search saw, or where those say little the machine without noise. */
function truthNamed(name: string, ablation: Ablation): RecordedGrid | undefined {
  if (ablation !== "noise of 20 %") return undefined;
  const { made, random } = madeNamed(name);
  const quiet = { ...made, noise: 0, spikes: { chance: 0, depth: 0 }, repetitions: 1 };
  return parseGrid(writeGrid(quiet, random));
}

function told(header: GridHeader, ablation: Ablation): GridHeader {
  const { model } = header;
  if (ablation === "no memory model") {
    // So little that nothing is ever thought too large, nor surely fitting.
    return { ...header, machine: { ...header.machine, memoryBytes: Number.MAX_SAFE_INTEGER } };
  }
  if (ablation !== "wrong memory model") return header;
  return {
    ...header,
    model: { ...model, headDim: model.headDim / WRONG_BY, weightBytes: model.weightBytes / WRONG_BY },
  };
}

/** One machine, one preset. */
interface Cell {
  readonly regret: number;
  readonly random: number;
}

/** Figures over all cells. */
export interface Evaluation {
  readonly ablation: Ablation;
  readonly machines: number;
  readonly cells: number;
  /** Share of the cells within 2 % of the grid's best. */
  readonly within: number;
  readonly regretP90: number;
  readonly randomWithin: number;
  readonly randomRegretP90: number;
  /** Configurations tried as a share of the grid. */
  readonly shareP50: number;
  readonly shareP90: number;
  readonly outOfMemoryPer25: number;
}

const WITHIN = 0.02;

/** Names of the machines of one half, both kinds alike: those with `count` numbers from `from` on. */
export const machinesOf = (half: "development" | "report", count: number, from = 1): string[] =>
  Object.keys(KINDS).flatMap((kind) =>
    Array.from({ length: count }, (_, index) => `${kind}-${index + from}`).filter(
      (name) => halfOf(name) === half,
    ),
  );

/** What a search on the other machine would publish, its values moved to the nearest that this grid has. */
function peersFrom(other: RecordedGrid, grid: RecordedGrid): GridConfig[] {
  const { presets } = replay(other, { strategy: "guided", seed: "peer", trialsMax: 0 });
  return Object.values(presets).flatMap(({ config }) => (config ? [nearest(config, grid)] : []));
}

const nearest = (config: GridConfig, { header }: RecordedGrid): GridConfig =>
  Object.fromEntries(
    Object.entries(header.dimensions).map(([name, values]) => {
      const wanted = config[name];
      const distance = (value: unknown): number =>
        typeof value === "number" && typeof wanted === "number"
          ? Math.abs(value - wanted)
          : Number(value !== wanted);
      return [name, values.reduce((best, value) => (distance(value) < distance(best) ? value : best))];
    }),
  );

function priorOf(name: string, ablation: Ablation, grid: RecordedGrid): GridConfig[] {
  if (ablation === "right prior") return peersFrom(gridNamed(name, "none", "peer"), grid);
  if (ablation !== "wrong prior") return [];
  const [kind = "", seed = ""] = name.split("-");
  return peersFrom(gridNamed(`${kind}-${Number(seed) + OTHER}`), grid);
}

/** Far enough from the seeds of any half. */
const OTHER = 10_000;

/** Replays all of these machines with these seeds. */
export function evaluate(names: readonly string[], seeds: readonly string[], ablation: Ablation): Evaluation {
  const cells: Cell[] = [];
  const shares: number[] = [];
  let [trials, outOfMemory] = [0, 0];
  for (const name of names) {
    const grid = gridNamed(name, ablation);
    const truth = truthNamed(name, ablation);
    for (const seed of seeds) {
      const peers = priorOf(name, ablation, grid);
      const options = { strategy: "guided", seed, trialsMax: 0, peers, ...(truth ? { truth } : {}) };
      const main = replayStrategy(grid, options, searchOf(ablation));
      const { usage } = main;
      const random = replay(grid, { ...options, strategy: "random", trialsMax: usage.trials });
      shares.push(usage.trials / grid.points.size);
      trials += usage.trials;
      outOfMemory += usage.oomTrials;
      for (const [purpose, { regret }] of Object.entries(main.presets)) {
        cells.push({ regret, random: random.presets[purpose]?.regret ?? 1 });
      }
    }
  }
  const regrets = cells.map(({ regret }) => regret);
  const chance = cells.map((cell) => cell.random);
  const within = (values: readonly number[]) => values.filter((one) => one <= WITHIN).length / values.length;
  return {
    ablation,
    machines: names.length,
    cells: cells.length,
    within: within(regrets),
    regretP90: quantile(regrets, 0.9),
    randomWithin: within(chance),
    randomRegretP90: quantile(chance, 0.9),
    shareP50: quantile(shares, 0.5),
    shareP90: quantile(shares, 0.9),
    outOfMemoryPer25: (25 * outOfMemory) / trials,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The figures as the rows of a Markdown table. */
export function evaluationText(evaluations: readonly Evaluation[]): string {
  const head = [
    "| what the search is told, or how the machine is | cells | within 2 % | p90 regret | random within 2 % | random p90 regret | of the grid p50 | p90 | out of memory per 25 |",
    "|---|---|---|---|---|---|---|---|---|",
  ];
  const rows = evaluations.map((one) =>
    [
      "",
      ABLATION_WORDS[one.ablation],
      `${one.cells} (${one.machines} machines)`,
      percent(one.within),
      percent(one.regretP90),
      percent(one.randomWithin),
      percent(one.randomRegretP90),
      percent(one.shareP50),
      percent(one.shareP90),
      one.outOfMemoryPer25.toFixed(2),
      "",
    ]
      .join(" | ")
      .trim(),
  );
  return `${[...head, ...rows].join("\n")}\n`;
}
