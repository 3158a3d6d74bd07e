// What `ozone-sim replay` prints: the outcome of a strategy and, beside it, of random search at equal budget.
import { OBJECTIVES } from "@ozone/shared/objective";
import { objectiveDocument } from "@ozone/shared/objectives/objective-data";
import type { RecordedGrid } from "../grids/recorded-grid.ts";
import { type Replayed, replay } from "./replay.ts";

/** Outcome with its cost. */
function outcomeOf({ presets, usage }: Replayed) {
  return {
    presets,
    trialsUsed: usage.trials,
    repetitionsUsed: usage.repetitions,
    secondsUsed: Number(usage.seconds.toFixed(3)),
    oomTrials: usage.oomTrials,
  };
}

/** Which strategy was replayed with which seed, and what came of it. */
export interface ReplayedAs {
  readonly strategy: string;
  readonly seed: string;
  readonly main: Replayed;
}

/** The document of a replay. `trialsUsed` and `gridTrials` count distinct configurations. */
export function documentOf(grid: RecordedGrid, { strategy, seed, main }: ReplayedAs) {
  const random = replay(grid, { strategy: "random", seed, trialsMax: main.usage.trials });
  const whole = replay(grid, { strategy: "grid", seed, trialsMax: 0 });
  return {
    strategy,
    seed: Number(seed),
    machine: grid.header.machine.name,
    provenance: grid.header.provenance,
    ...outcomeOf(main),
    gridTrials: grid.points.size,
    objectives: Object.fromEntries(
      OBJECTIVES.map(({ purpose, words, data }) => [purpose, { words, ...objectiveDocument(data) }]),
    ),
    random: outcomeOf(random),
    grid: outcomeOf(whole),
  };
}

/** Replays a strategy of our own. */
export const replayDocument = (grid: RecordedGrid, strategy: string, seed: string) =>
  documentOf(grid, { strategy, seed, main: replay(grid, { strategy, seed, trialsMax: 0 }) });

/** What `ozone-sim replay --json` prints. */
export type ReplayDocument = ReturnType<typeof replayDocument>;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The document for people. */
export function replayText(document: ReplayDocument): string {
  const { presets, random, grid, trialsUsed, gridTrials } = document;
  const lines = Object.entries(presets).map(([purpose, { config, regret }]) => {
    const words = config
      ? Object.entries(config)
          .map(([name, value]) => `${name} ${value}`)
          .join(", ")
      : "nothing worked";
    const [chance, whole] = [random, grid].map((one) => percent(one.presets[purpose]?.regret ?? 1));
    return `${purpose.padEnd(14)} ${percent(regret).padStart(7)} (random ${chance}, the whole grid ${whole})  ${words}`;
  });
  return [
    `${document.strategy} on ${document.machine} (${document.provenance}): ${trialsUsed} of ${gridTrials} configurations (${percent(trialsUsed / gridTrials)}), ${document.repetitionsUsed} repetitions, ${document.oomTrials} out of memory`,
    "Lost to the grid's best:",
    ...lines,
    "",
  ].join("\n");
}
