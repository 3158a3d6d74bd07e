// Plug-in strategies through planning, dispatch and intake on real Postgres and NATS, with an agent that makes figures up.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { StartSweepRequestSchema } from "@ozone/proto/sweep_service";
import { ensureWorkConsumer } from "@ozone/shared/bus";
import { describeConfiguration } from "@ozone/shared/configuration";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LOCAL_CALLER } from "../api/caller.ts";
import { sweepHandlers } from "../api/sweeps.ts";
import { advanceSweeps } from "../dispatch/advance-sweeps.ts";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { targetPlanner } from "../planning/plan-target.ts";
import type { Store } from "../store/open-store.ts";
import { findSweep, listTargets } from "../store/sweeps.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeSharing, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { ANSWER_LIMIT_MS } from "./ask-module.ts";
import { findModule } from "./find-module.ts";
import { OpenQuestions } from "./open-questions.ts";

const EXAMPLE = fileURLToPath(new URL("../../../../docs/examples/coordinate-descent.mjs", import.meta.url));
const LEASE_MS = 30_000;
/** For an answer: short where there is none, and the shipped one where the machine's speed must not matter. */
const SHORT_LIMIT_MS = 1_500;
const matrix = create(MatrixSchema, { numCtx: [2048, 4096], numBatch: [128, 256, 512, 1024] });

let parts: RealParts;
let store: Store;
let folder: string;
let machineId = "m-0";
let tests = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-plug-ins-"));
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  tests += 1;
  machineId = `m-p${tests}`;
  store = await parts.newStore();
  await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
});

async function moduleWith(text: string): Promise<string> {
  const path = join(folder, `strategy-${tests}.mjs`);
  await writeFile(path, text);
  return path;
}
const strategy = (next: string): string =>
  `export default { apiVersion: 1, name: "mine", next(state) { ${next} } };`;
const screen = (config: string): string =>
  `return { trials: [{ config: ${config}, purpose: "screen", reason: "to see what happens" }] };`;

/** The made machine: smaller batches fill faster, down to 256. */
const ttftMsOf = (numBatch: number): number => 1000 + Math.abs(Math.log2(numBatch / 256)) * 200;

/** @returns whether anything was running. */
async function measureRunning(): Promise<boolean> {
  const running = (await trialsOfSweep(store.db, "s-1")).find(({ state }) => state === "running");
  if (!running) return false;
  const { id, attempt, configuration, purpose, protocol } = running;
  const samples = protocol.repetitions * protocol.launches;
  const decode = Array.from({ length: samples }, () => 90);
  const ttftMs = ttftMsOf(configuration.numBatch);
  const result = madeResult({ trialId: id, attempt, machineId, configuration, purpose, decode, ttftMs });
  await recordResults(store, [arrivedResult(result).arrived]);
  return true;
}

/** Runs sweep s-1 of this strategy to its end; with `restarts` nothing in memory outlives a trial. */
async function runSweep(module: string, { restarts = false, limitMs = ANSWER_LIMIT_MS } = {}) {
  await storeSweep(store, 0, machineId, "s-1", { strategy: module, matrix });
  let wakings = 0;
  const rules = { places: [folder, EXAMPLE], namedIn: null };
  const wake = () => {
    wakings += 1;
  };
  const open = () => new OpenQuestions({ rules, limitMs, wake });
  let plugIns = open();
  const advance = () =>
    advanceSweeps(store, { planner: targetPlanner, plugIns, sharing: madeSharing() }, (_id, thrown) => {
      throw thrown;
    });
  for (let step = 0; step < 200; step += 1) {
    const before = wakings;
    await advance();
    if ((await findSweep(store.db, "s-1"))?.state !== "running") break;
    if ((await trialsOfSweep(store.db, "s-1")).some(({ state }) => state === "planned")) {
      await dispatchTrials(store, parts.bus, { machineIds: [machineId], leaseMs: LEASE_MS });
    } else if (before === wakings) {
      await expect.poll(() => wakings > before, { timeout: 2 * ANSWER_LIMIT_MS, interval: 5 }).toBe(true);
    }
    if ((await measureRunning()) && restarts) {
      plugIns.stop();
      plugIns = open();
    }
  }
  plugIns.stop();
  const [target] = await listTargets(store.db, "s-1");
  const trials = await trialsOfSweep(store.db, "s-1");
  return { state: (await findSweep(store.db, "s-1"))?.state, notes: target?.notes ?? [], trials };
}

describe("a plug-in strategy", () => {
  it("searches: the example of the documentation finds the best batch and confirms it beside the default", async () => {
    const { state, notes, trials } = await runSweep(EXAMPLE);
    expect({ state, notes }).toEqual({ state: "done", notes: [] });
    const confirmed = trials.filter(({ purpose }) => purpose === Purpose.CONFIRM);
    expect(confirmed.map(({ configuration }) => configuration.numBatch)).toEqual([256, 512]);
    for (const { protocol } of confirmed) expect(protocol.launches).toBe(2);
    expect(trials[0]?.purpose).toBe(Purpose.REFERENCE);
    expect(trials.at(-1)?.purpose).toBe(Purpose.REFERENCE);
    expect(trials.map(({ reason }) => reason)).toContain("one step from the best so far");
  });

  it("makes the same search when the coordinator is started anew after every trial", async () => {
    const words = (ran: Awaited<ReturnType<typeof runSweep>>) =>
      ran.trials.map(({ configuration, reason }) => `${describeConfiguration(configuration)}: ${reason}`);
    const undisturbed = words(await runSweep(EXAMPLE));
    store = await parts.newStore();
    expect(words(await runSweep(EXAMPLE, { restarts: true }))).toEqual(undisturbed);
  });

  it("as an installed package is found beside the folders that are allowed", async () => {
    const path = join(folder, "node_modules", "my-search");
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "package.json"), '{"type":"module","exports":{"import":"./search.js"}}');
    await writeFile(join(path, "search.js"), strategy('return { trials: [], notes: ["was here"] };'));
    const { state, notes } = await runSweep(path);
    // Nothing was measured besides the reference.
    expect(state).toBe("done");
    expect(notes).toEqual(["was here", expect.stringMatching(/confirmed nothing/)]);
  });

  it.each([
    [
      "is missing exports",
      "export const next = 1;",
      /has no default export \{ apiVersion, name, next\(state\) \}\.$/,
    ],
    [
      "is written for another version",
      'export default { apiVersion: 2, name: "mine", next() {} };',
      /says apiVersion 2; this coordinator speaks 1\.$/,
    ],
    [
      "can't be loaded",
      'import "./missing.mjs";',
      /can't be loaded: Cannot find module 'missing\.mjs' imported from /,
    ],
    ["throws", strategy('throw new Error("out of ideas");'), /threw in next\(state\): out of ideas\.$/],
    ["answers with something else", strategy("return 42;"), /gave an answer that is not \{ trials, notes \}/],
    ["answers nothing", strategy(""), /gave an answer that is not \{ trials, notes \}/],
    [
      "leaves the matrix",
      strategy(screen("{ num_batch: 77 }")),
      /proposed num_batch 77, which is not in the matrix \(128, 256, 512, 1024\)\.$/,
    ],
    ["invents an option", strategy(screen("{ warp: 9 }")), /proposed "warp", which is no dimension\.$/],
    [
      "proposes what is impossible",
      strategy(screen('{ num_ctx: "4096" }')),
      /proposed num_ctx "4096", which is not in the matrix/,
    ],
    [
      "goes round in a circle",
      strategy(screen("state.default")),
      /asked for the same trial \(screen num_ctx 4096.*\) more than 16 times\.$/,
    ],
    [
      "asks for too much at once",
      strategy(
        'return { trials: Array.from({ length: 50001 }, () => ({ config: state.default, purpose: "screen", reason: "all" })) };',
      ),
      /asked for more than 50000 trials\.$/,
    ],
    [
      "takes all memory",
      strategy("const all = []; for (;;) all.push(new Array(1e5).fill(all.length));"),
      /needed more than 512 MiB of memory\.$/,
    ],
    ["hangs", strategy("for (;;) {}"), /gave no answer within 1\.5 s\.$/],
    ["ends its thread", strategy("process.exit(0);"), /ended its thread without an answer\.$/],
    [
      "answers by chance",
      strategy("return { trials: [], notes: [String(Math.random())] };"),
      /gave two different answers to the same state; /,
    ],
  ])("that %s ends its sweep as failed, with one sentence that names it", async (title, text, did) => {
    const module = await moduleWith(text);
    const limitMs = title === "hangs" ? SHORT_LIMIT_MS : ANSWER_LIMIT_MS;
    const { state, notes, trials } = await runSweep(module, { limitMs });
    expect(state).toBe("failed");
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(did);
    expect(notes[0]?.startsWith(`The plug-in strategy ${basename(module)} `)).toBe(true);
    expect(notes[0]).not.toContain(folder);
    expect(trials.every((trial) => trial.state === "done")).toBe(true);
  });

  it("can't change the coordinator's own state, nor see its environment", async () => {
    const { trials, state } = await runSweep(
      await moduleWith(
        strategy(
          `const seen = state.observations.length + Object.keys(process.env).length;
           state.matrix.num_batch.length = 0; state.default.num_ctx = 1; state.observations.push({});
           if (seen > 0) return { trials: [] };
           return { trials: [{ config: {}, purpose: "screen", reason: "the default" }] };`,
        ),
      ),
    );
    expect(state).toBe("done");
    const [, first] = trials;
    expect(first?.configuration).toMatchObject({ numCtx: 4096, numBatch: 512 });
  });

  it("is started over the API by a name that the coordinator may load, and by no other", async () => {
    await storeSweep(store, 0, machineId, "s-0");
    const findAllowed = (name: string) => findModule(name, { places: [folder], namedIn: null });
    const nothing = async () => undefined;
    const ports = {
      store,
      leaseMs: LEASE_MS,
      wake: () => undefined,
      changed: nothing,
      findModule: findAllowed,
    };
    const handlers = sweepHandlers(ports);
    const start = (strategyName: string) =>
      handlers.startSweep(
        create(StartSweepRequestSchema, { request: { strategy: strategyName, machines: [machineId] } }),
        { signal: new AbortController().signal, caller: LOCAL_CALLER, authority: "" },
      );
    const module = await moduleWith(strategy("return { trials: [] };"));
    const { sweep } = await start(join(folder, ".", basename(module)));
    const name = `${basename(module)} ozone-synthetic:4m`;
    expect(sweep?.request).toMatchObject({ name, strategy: module });
    await expect(start(EXAMPLE)).rejects.toThrow(
      /may not load .*coordinate-descent\.mjs: set OZONE_STRATEGIES/,
    );
    await expect(start("gird")).rejects.toThrow(/There is no strategy "gird": use grid, .*, or a module/);
    await expect(start("./x.mjs")).rejects.toThrow(/has no absolute path/);
  });

  it("that hangs keeps nobody waiting: another sweep is planned meanwhile", async () => {
    await storeSweep(store, 0, `${machineId}-b`, "s-2", { strategy: "grid", matrix });
    const module = await moduleWith(strategy("for (;;) {}"));
    const started = performance.now();
    const plugIns = new OpenQuestions({ rules: { places: [folder], namedIn: null }, wake: () => undefined });
    await storeSweep(store, 0, machineId, "s-1", { strategy: module, matrix });
    await advanceSweeps(store, { planner: targetPlanner, plugIns, sharing: madeSharing() }, () => undefined);
    const planned = (await trialsOfSweep(store.db, "s-2")).length;
    plugIns.stop();
    expect(planned).toBe(9);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect((await findSweep(store.db, "s-1"))?.state).toBe("running");
  });

  it("that may not be loaded any more is not loaded", async () => {
    const outside = await mkdtemp(join(tmpdir(), "ozone-elsewhere-"));
    await writeFile(join(outside, "x.mjs"), strategy("return { trials: [] };"));
    const { state, notes } = await runSweep(join(outside, "x.mjs"));
    await rm(outside, { recursive: true });
    expect(state).toBe("failed");
    expect(notes[0]).toMatch(/can't be asked: This coordinator may not load .*OZONE_STRATEGIES/);
  });
});
