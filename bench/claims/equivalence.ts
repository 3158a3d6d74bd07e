// The agent against an independent measurement of the same model on the same engine: the same decode and prefill rates
// within 3 %, at two depths and two batch sizes. Imports nothing of the agent: it is run as a program.

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "@ozone/e2e/setup/processes.ts";
import type { Claim } from "../claim.ts";
import { startEngine } from "../engine-process.ts";
import { CELLS, type Cell, cellText, MODEL, PRESET } from "../equivalence/cells.ts";
import { findingsOf } from "../equivalence/findings.ts";
import { type LaunchPlace, runLaunch } from "../equivalence/launch.ts";
import { findLlamaBench, runLlamaBench } from "../equivalence/llama-bench.ts";
import { openPlacement } from "../equivalence/placement.ts";
import { type CellRecord, type Launch, quietLaunches } from "../equivalence/record.ts";

/** Launches of a cell that count: fresh loads on either side. They are the n of every interval. */
const LAUNCHES = 12;

/** On a machine that others use, launches are repeated until this is over; what is not shown then is undecided. */
const TIME_LIMIT_MS = 1_260_000;

type Log = (line: string) => void;

export const equivalence: Claim = {
  name: "equivalence",
  about: "the agent's rates are those of an independent measurement of the same model, within 3 %",
  long: false,
  async run(log) {
    const folder = await mkdtemp(join(tmpdir(), "ozone-equivalence-"));
    const placement = openPlacement(log);
    const engine = await startEngine(join(folder, "engine"));
    try {
      const modelPath = await sameModelFile(folder, engine.url);
      const place = { engine, modelPath, dataDir: join(folder, "agent"), placement };
      return findingsOf(await measure(place, log));
    } finally {
      await engine.stop();
      placement?.release();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Writes the model as a file and uploads it, byte for byte, to the engine, which checks its digest. */
async function sameModelFile(folder: string, engineUrl: string): Promise<string> {
  const path = join(folder, `${PRESET}.gguf`);
  const { code, stderr } = await runToEnd("engine", { args: ["model", "--out", path, "--preset", PRESET] });
  if (code !== 0) throw new Error(`The model could not be written: ${stderr}`);
  const file = await readFile(path);
  const digest = `sha256:${createHash("sha256").update(file).digest("hex")}`;
  await post(`${engineUrl}/api/blobs/${digest}`, file);
  await post(
    `${engineUrl}/api/create`,
    JSON.stringify({ model: MODEL, files: { [`${PRESET}.gguf`]: digest } }),
  );
  return path;
}

async function post(url: string, body: string | Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(url, { method: "POST", body });
  const text = await response.text();
  if (!response.ok || text.includes('"error"')) throw new Error(`The engine did not take the model: ${text}`);
}

/**
 * Launches go round the cells, so that the machine's slow changes touch all of them, until each has enough during which
 * others left the machine alone. When to stop depends on others alone, not on what was measured.
 */
async function measure(place: LaunchPlace, log: Log): Promise<CellRecord[]> {
  const llamaBench = findLlamaBench(process.env);
  if (llamaBench === null) log("no llama-bench on PATH nor in OZONE_LLAMA_BENCH: left out");
  const records = CELLS.map((cell): CellRecord => ({ cell, rounds: [] }));
  const isOpen = (record: CellRecord): boolean => quietLaunches(record) < LAUNCHES;
  // The agent finds the words of the model once and keeps them; that is no part of a measurement.
  await runLaunch(place, CELLS[0] as Cell);
  const endMs = performance.now() + TIME_LIMIT_MS;
  for (let round = 0; records.some(isOpen) && performance.now() < endMs; round += 1) {
    for (const { cell, rounds } of records.filter(isOpen)) {
      const launch = await runLaunch(place, cell);
      log(`launch ${round + 1}, ${cellText(cell)}: ${launchText(launch)}`);
      // Twice as many launches as runs of llama-bench: it is not what is to be shown.
      const asked = llamaBench !== null && round % 2 === 0 ? llamaBench : null;
      const theirs = asked === null ? null : await runLlamaBench(asked, place.modelPath, cell);
      rounds.push({ ...launch, llamaBench: theirs });
    }
  }
  return records;
}

function launchText({ blocks, refusedBlocks }: Launch): string {
  const refused = refusedBlocks === 0 ? [] : [`${refusedBlocks} blocks refused`];
  const texts = blocks.map(({ agent, independent, foreignCores }) => {
    const [ours, theirs] = [agent[0], independent[0]];
    const others = foreignCores === null ? "unknown" : foreignCores.toFixed(2);
    return `decode ${ours.decode.toFixed(0)} against ${theirs.decode.toFixed(0)}, prefill ${ours.prefill.toFixed(0)} against ${theirs.prefill.toFixed(0)} t/s (others ${others} cores)`;
  });
  return [...texts, ...refused].join("; ");
}
