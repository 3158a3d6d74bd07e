// ozone-sim share: one search by 1, 2, 4 and 8 equal machines that do not exist, and by a class with an odd one.
import { parseArgs } from "node:util";
import { readGrid, UsageProblem } from "../command-line.ts";
import { machinesOf } from "../replay/evaluate.ts";
import { type MadeClass, madeClass, recordedClass } from "./made-class.ts";
import { shareRuns } from "./share-runs.ts";
import { shareDocument, shareText } from "./share-table.ts";

const STRATEGIES = ["grid", "guided"];
const MACHINES_MAX = 64;

function wholeNumbers(text: string, flag: string, most: number): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.some((one) => !Number.isInteger(one) || one < 1 || one > most)) {
    throw new UsageProblem(`--${flag} is ${JSON.stringify(text)}; use whole numbers from 1 to ${most}.`);
  }
  return [...new Set(numbers)];
}

/** Made when they are needed: each holds the grids of all of its machines. */
function* classesOf(
  grid: string | undefined,
  half: string | undefined,
  machines: number,
): Generator<MadeClass> {
  if (grid !== undefined) {
    const recorded = readGrid(grid);
    yield recordedClass(recorded.header.machine.name, recorded);
    return;
  }
  if (half !== "development") {
    throw new UsageProblem("Use --grid FILE or --half development; the other half is for judging searches.");
  }
  for (const name of machinesOf(half, machines)) yield madeClass(name);
}

/** Runs the command. @throws UsageProblem, or GridProblem for a grid that can't be used. */
export function shareCommand(argv: readonly string[]): void {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      grid: { type: "string" },
      half: { type: "string" },
      machines: { type: "string", default: "30" },
      k: { type: "string", default: "1,2,4,8" },
      seeds: { type: "string", default: "1,2" },
      strategy: { type: "string", default: STRATEGIES.join(",") },
      json: { type: "boolean", default: false },
    },
  });
  const strategies = values.strategy.split(",");
  const unknown = strategies.find((one) => !STRATEGIES.includes(one));
  if (unknown !== undefined) {
    throw new UsageProblem(`--strategy is ${JSON.stringify(unknown)}; use ${STRATEGIES.join(" or ")}.`);
  }
  const ks = wholeNumbers(values.k, "k", MACHINES_MAX);
  const seeds = wholeNumbers(values.seeds, "seeds", Number.MAX_SAFE_INTEGER).map(String);
  const [machines = 1] = wholeNumbers(values.machines, "machines", 10_000);
  const documents = strategies.map((strategy) => {
    const runs = shareRuns(classesOf(values.grid, values.half, machines), { strategy, seeds, ks });
    return shareDocument(strategy, runs);
  });
  const provenance = values.grid === undefined ? { half: values.half } : { grid: values.grid };
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ provenance: "simulated", ...provenance, strategies: documents })}\n`
      : documents.map(shareText).join("\n"),
  );
}
