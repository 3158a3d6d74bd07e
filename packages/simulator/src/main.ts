// ozone-sim: replays recorded grids with the shipped search, makes grids of machines that do not exist, and tells how
// good the search is on them.
import { parseArgs } from "node:util";
import { messageOf } from "@ozone/shared/errors";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { isPackageName, isPath } from "@ozone/shared/strategy-names";
import { readGrid, required, UsageProblem } from "./command-line.ts";
import { mechanicalGrid } from "./grids/mechanical-grid.ts";
import { tabularGrid } from "./grids/tabular-grid.ts";
import { writeGrid } from "./grids/write-grid.ts";
import { ABLATIONS } from "./replay/ablations.ts";
import { evaluate, evaluationText, machinesOf } from "./replay/evaluate.ts";
import { replayDocument, replayText } from "./replay/replay-document.ts";
import { replayPlugIn } from "./replay/replay-plug-in.ts";
import { shareCommand } from "./sharing/share-command.ts";

const USAGE = `ozone-sim

  ozone-sim replay --grid FILE --strategy guided|grid|halving|random|./MODULE.mjs [--seed N] [--json]
      the search against a recorded grid (ozone-grid/1, JSON lines, also gzipped), random at equal budget beside it
  ozone-sim make-grid --kind mechanical|tabular --seed N
      a grid of a machine that does not exist, on stdout; its provenance says simulated
  ozone-sim evaluate --half development|report [--machines N] [--from M] [--json]
      the guided search over made machines of one half (split by the hash of their names, numbered from M on), with ablations
  ozone-sim share --grid FILE|--half development [--machines N] [--k 1,2,4,8] [--strategy guided,grid] [--seeds 1,2] [--json]
      one search by K equal machines on a virtual clock, and by a class with one machine 25 % slower

Exit codes: 0 ok, 1 failure, 2 usage.
`;
const EXIT_USAGE = 2;
const STRATEGIES = ["guided", "grid", "halving", "random"];

async function replayCommand(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      grid: { type: "string" },
      strategy: { type: "string" },
      seed: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const strategy = required(values.strategy, "strategy");
  const own = STRATEGIES.includes(strategy);
  if (!own && !isPath(strategy) && (!isPackageName(strategy) || strategy === "quick")) {
    throw new UsageProblem(
      `--strategy is ${JSON.stringify(strategy)}; use ${STRATEGIES.join(", ")} or a module.`,
    );
  }
  if (!/^\d{1,15}$/.test(values.seed)) {
    throw new UsageProblem(`--seed is ${JSON.stringify(values.seed)}; a whole number is needed.`);
  }
  const grid = readGrid(required(values.grid, "grid"));
  const document = own
    ? replayDocument(grid, strategy, values.seed)
    : await replayPlugIn(grid, strategy, values.seed, (text) => process.stderr.write(text));
  process.stdout.write(values.json ? `${JSON.stringify(document)}\n` : replayText(document));
}

function makeGridCommand(argv: readonly string[]): void {
  const { values } = parseArgs({
    args: [...argv],
    options: { kind: { type: "string" }, seed: { type: "string", default: "1" } },
  });
  const kind = required(values.kind, "kind");
  const make = { mechanical: mechanicalGrid, tabular: tabularGrid }[kind];
  if (!make) throw new UsageProblem(`--kind is ${JSON.stringify(kind)}; use mechanical or tabular.`);
  const random = seededRandom(`${kind}/${values.seed}`);
  process.stdout.write(
    writeGrid(make(random.fork("machine"), `${kind}-${values.seed}`), random.fork("noise")),
  );
}

function upToTenThousand(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new UsageProblem(`--${flag} is ${JSON.stringify(text)}; use 1 to 10000.`);
}

function evaluateCommand(argv: readonly string[]): void {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      half: { type: "string" },
      machines: { type: "string", default: "60" },
      from: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const half = required(values.half, "half");
  if (half !== "development" && half !== "report") {
    throw new UsageProblem(`--half is ${JSON.stringify(half)}; use development or report.`);
  }
  const machines = upToTenThousand("machines", values.machines);
  const names = machinesOf(half, machines, upToTenThousand("from", values.from));
  const evaluations = ABLATIONS.map((ablation) => evaluate(names, ["1", "2"], ablation));
  process.stdout.write(
    values.json ? `${JSON.stringify({ half, evaluations })}\n` : evaluationText(evaluations),
  );
}

async function main([command, ...rest]: readonly string[]): Promise<void> {
  if (command === "replay") {
    await replayCommand(rest);
    return;
  }
  if (command === "make-grid") {
    makeGridCommand(rest);
    return;
  }
  if (command === "evaluate") {
    evaluateCommand(rest);
    return;
  }
  if (command === "share") {
    shareCommand(rest);
    return;
  }
  const asked = command === "--help";
  (asked ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = asked ? 0 : EXIT_USAGE;
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const isUsage =
    thrown instanceof UsageProblem ||
    (thrown as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
  process.stderr.write(`${messageOf(thrown)}${isUsage ? " See `ozone-sim --help`." : ""}\n`);
  process.exitCode = isUsage ? EXIT_USAGE : 1;
}
