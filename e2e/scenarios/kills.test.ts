// kill -9 of coordinator, agent and nats-server at random moments between dispatch and receipt. OZONE_KILLS says how
// often each (once unless set), OZONE_SEED which moments. On a scripted server: nothing is timed here.
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { type ScriptedOllama, scriptedModel, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJournal, receiptedDigests } from "../setup/journal.ts";
import { killOne, randomMoment, VICTIMS } from "../setup/kill.ts";
import { Stack, type StackAgent } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

const KILLS = Number(process.env.OZONE_KILLS ?? 1);
const SEED = process.env.OZONE_SEED ?? String(Date.now());
const LIMIT_MS = 120_000 + KILLS * 90_000;

let stack: Stack;
let agent: StackAgent;
let engine: ScriptedOllama;

beforeAll(async () => {
  stack = await Stack.start();
  engine = await startScriptedOllama({});
  agent = await stack.startAgent("victim", engine.url);
});
afterAll(async () => {
  await stack?.stop();
  await engine?.stop();
});

const waitingResults = () =>
  readdirSync(join(agent.dataDir, "outbox")).filter((name) => name.endsWith(".result"));

async function startSweep(trials: number): Promise<string> {
  const numBatch = Array.from({ length: trials }, (_, index) => 32 + index).join(",");
  const options = ["--num-ctx", "512", "--num-predict", "8", "--contended", "allow", "--quiet-wait", "0s"];
  const args = ["sweep", "run", "--detach", "--name", "kills", "--model", scriptedModel().name, ...options];
  const { id } = await stack.json<{ id: string }>([...args, "--num-batch", numBatch]);
  return id;
}

describe(`kill -9 at random moments, ${KILLS} times each (seed ${SEED})`, () => {
  it(
    "leaves a complete sweep, every trial counted once, and the results that the agent's journal has",
    async () => {
      console.log(`seed ${SEED}: set OZONE_SEED to repeat these moments`);
      const random = seededRandom(SEED);
      const victims = random.shuffle(VICTIMS.flatMap((victim) => Array<typeof victim>(KILLS).fill(victim)));
      await startSweep(Math.max(6, 2 * KILLS));
      let hits = 0;
      for (const victim of victims) {
        if (!(await randomMoment(stack, random))) break;
        await killOne(victim, stack, agent);
        hits += 1;
      }
      expect(hits, "the sweep ended before all kills: it needs more trials").toBe(victims.length);

      await waitFor(
        "the end of the sweep",
        () => stack.query<{ state: string }>("select state from sweeps"),
        {
          until: (rows) => rows.every(({ state }) => state !== "running"),
          limitMs: LIMIT_MS,
        },
      );
      await waitFor("receipts for everything", waitingResults, { until: (names) => names.length === 0 });

      const trials = await stack.query<{ id: string; state: string }>("select id, state from trials");
      expect(new Set(trials.map(({ state }) => state))).toEqual(new Set(["done"]));
      const results = await stack.query<{ trial_id: string; attempt: number; payload: Buffer }>(
        "select trial_id, attempt, payload from results where verdict <> 3",
      );
      expect(results.map((row) => row.trial_id).sort()).toEqual(trials.map(({ id }) => id).sort());
      const stored = await stack.query<{ trial_id: string; attempt: number; payload: Buffer }>(
        "select trial_id, attempt, payload from results",
      );
      const digests = stored.map(
        (row) =>
          [`${row.trial_id}/${row.attempt}`, createHash("sha256").update(row.payload).digest("hex")] as const,
      );
      expect(new Map(digests)).toEqual(receiptedDigests(readJournal(agent.dataDir)));
    },
    LIMIT_MS + 300_000,
  );
});
