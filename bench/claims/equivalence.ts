// The agent against an independent measurement of the same model on the same engine: the same decode and prefill rates
// within 3 %, at two depths and two batch sizes. Imports nothing of the agent: it is run as a program.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "@ozone/e2e/setup/processes.ts";
import type { Claim } from "../claim.ts";
import { startEngine } from "../engine-process.ts";
import { CELLS, type Cell, cellText, PRESET } from "../equivalence/cells.ts";
import type { CellRecord } from "../equivalence/findings.ts";
import { findingsOf } from "../equivalence/findings.ts";
import { type Launch, type LaunchPlace, runLaunch } from "../equivalence/launch.ts";
import { findLlamaBench, runLlamaBench } from "../equivalence/llama-bench.ts";

/** Launches of a cell: fresh loads on either side. They are the n of every interval. */
const LAUNCHES = 10;

/** A launch in which the agent refused every block is taken again, this often in all. */
const REPEATS_MAX = 4;

/** llama-bench is asked beside this many launches of a cell. */
const LLAMA_BENCH_LAUNCHES = 5;

type Log = (line: string) => void;

export const equivalence: Claim = {
  name: "equivalence",
  about: "the agent's rates are those of an independent measurement of the same model, within 3 %",
  long: false,
  async run(log) {
    const folder = await mkdtemp(join(tmpdir(), "ozone-equivalence-"));
    const engine = await startEngine(join(folder, "engine"));
    try {
      const modelPath = await sameModelFile(folder);
      const place = { engineUrl: engine.url, modelPath, dataDir: join(folder, "agent") };
      return findingsOf(await measure(place, log));
    } finally {
      await engine.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Writes the model as a file and makes sure that it is, byte for byte, the one that the engine serves. */
async function sameModelFile(folder: string): Promise<string> {
  const path = join(folder, `${PRESET}.gguf`);
  const { code, stderr } = await runToEnd("engine", { args: ["model", "--out", path, "--preset", PRESET] });
  if (code !== 0) throw new Error(`The model could not be written: ${stderr}`);
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  const served = await readdir(join(folder, "engine", "blobs"));
  if (!served.includes(`sha256-${digest}`)) throw new Error("The engine serves another model file.");
  return path;
}

/** Launches go round the cells, so that the machine's slow changes touch all of them. */
async function measure(place: LaunchPlace, log: Log): Promise<CellRecord[]> {
  const llamaBench = findLlamaBench(process.env);
  if (llamaBench === null) log("no llama-bench on PATH nor in OZONE_LLAMA_BENCH: left out");
  const records = CELLS.map((cell): CellRecord => ({ cell, launches: [], llamaBench: [] }));
  let repeats = 0;
  // The agent finds the words of the model once and keeps them; that is no part of a measurement.
  await runLaunch(place, CELLS[0] as Cell);
  for (let round = 0; round < LAUNCHES; round += 1) {
    for (const { cell, launches, llamaBench: rates } of records) {
      let launch = await runLaunch(place, cell);
      for (; launch.blocks.length === 0 && repeats < REPEATS_MAX; repeats += 1)
        launch = await runLaunch(place, cell);
      launches.push(launch);
      log(`launch ${round + 1} of ${LAUNCHES}, ${cellText(cell)}: ${launchText(launch)}`);
      if (llamaBench !== null && round % 2 === 0 && rates.length < LLAMA_BENCH_LAUNCHES) {
        rates.push(await runLlamaBench(llamaBench, place.modelPath, cell));
      }
    }
  }
  return records;
}

function launchText({ blocks, refusedBlocks }: Launch): string {
  const [block] = blocks;
  if (block === undefined) return "every block was refused";
  const rates = (side: "agent" | "independent"): string =>
    `${block[side][0].decode.toFixed(0)} and ${block[side][0].prefill.toFixed(0)} t/s`;
  const refused = refusedBlocks === 0 ? "" : `, ${refusedBlocks} refused`;
  return `agent ${rates("agent")}, independent ${rates("independent")}${refused}`;
}
