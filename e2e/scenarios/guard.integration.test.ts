// Somebody comes back to a machine in the middle of a trial: the shipped loop of an agent on a real bus, a scripted
// Ollama, and a terminal whose last use is a file's access time. No coordinator runs: the guard needs none.
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  type Bus,
  connectBus,
  ensureStreams,
  ensureWorkConsumer,
  orderWaits,
  publishTrialOrder,
} from "@ozone/shared/bus";
import {
  flatPace,
  physicalPace,
  type ScriptedOllama,
  scriptedModel,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WorkState } from "../../packages/agent/src/control/work-state.ts";
import { openGuard, type Watch } from "../../packages/agent/src/guard/open-guard.ts";
import { tidyUp } from "../../packages/agent/src/guard/tidy-up.ts";
import { readLoadNotes, writeLoadNote } from "../../packages/agent/src/measure/load-notes.ts";
import {
  newFolder,
  orderFor,
  portsFor,
  removeFolders,
} from "../../packages/agent/src/measure/trial-material.ts";
import { openJournal } from "../../packages/agent/src/outbox/journal.ts";
import { type Outbox, openOutbox } from "../../packages/agent/src/outbox/outbox.ts";
import { runTrial } from "../../packages/agent/src/run-trial.ts";
import { takeTrials } from "../../packages/agent/src/take-trials.ts";
import { startNats } from "../../packages/coordinator/src/embedded/nats-server.ts";
import { testNatsServer } from "../../packages/coordinator/src/embedded/testing/stage.ts";
import { waitFor } from "../setup/wait-for.ts";

const MACHINE = "m-1";
const HOUR_S = 3_600;
const dataDir = newFolder();
const devRoot = join(dataDir, "dev");
const stop = new AbortController();
const state = new WorkState();
const lines: string[] = [];
let nats: Awaited<ReturnType<typeof startNats>>;
let bus: Bus;
let ollama: ScriptedOllama;
let outbox: Outbox;
let guard: Watch;
let working: Promise<void>;

/** The terminal was used so many seconds ago. */
function typed(secondsAgo: number): void {
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(join(devRoot, "pts", "0"), at, at);
}

/** The sample that is interrupted would take half a minute. */
const SLOW = flatPace({ prefillTokensPerSecond: 60, decodeTokensPerSecond: 10 });
const QUICK = physicalPace();
let pace = SLOW;

function say(words: string): void {
  state.say(words);
  if (words.startsWith("sample")) ollama.set({ pace });
}

const loaded = async (): Promise<string[]> => {
  const answer = (await (await fetch(`${ollama.url}/api/ps`)).json()) as { models: { name: string }[] };
  return answer.models.map(({ name }) => name);
};

const seen = async () => ({ activity: state.activity, loaded: await loaded(), lines: lines.slice(-4) });

beforeAll(async () => {
  mkdirSync(join(devRoot, "pts"), { recursive: true });
  writeFileSync(join(devRoot, "pts", "0"), "");
  typed(HOUR_S);
  const log = (line: string) => lines.push(line);
  // Room for one model: loading ours drives out theirs.
  const models = [scriptedModel(), scriptedModel("theirs:7b", { architecture: { blocks: 4 } })];
  ollama = await startScriptedOllama({ models, server: { maxLoadedModels: 1 } });
  const theirs = { model: "theirs:7b", prompt: "", keep_alive: -1, options: { num_ctx: 512 } };
  await (await fetch(`${ollama.url}/api/generate`, { method: "POST", body: JSON.stringify(theirs) })).text();
  nats = await startNats({ dataDir: join(dataDir, "bus"), log, binary: (await testNatsServer()).path });
  bus = await connectBus({ url: nats.url, name: "test" });
  await ensureStreams(bus);
  await ensureWorkConsumer(bus, MACHINE, 30_000);
  outbox = await openOutbox(join(dataDir, "outbox"), log);
  const rule = { quietMs: 60_000, loadCores: null };
  const places = { devRoot, sessionsFolder: join(dataDir, "no-sessions"), platform: "linux" };
  const facts = { state, onChange: () => undefined, log, places, everyMs: 100 };
  guard = await openGuard(rule, { engineUrl: ollama.url, dataDir }, facts);
  working = takeTrials(
    {
      ...{ bus, machineId: MACHINE, state, outbox, log, guard },
      journal: await openJournal(dataDir, log),
      lockHost: async () => ({ release: async () => undefined }),
      runTrial: (order, signal) =>
        runTrial(
          order,
          portsFor(ollama.url, {
            signal,
            cacheDir: join(dataDir, "cache"),
            onActivity: say,
          }),
        ),
      ...{ onFinished: () => undefined, onTaken: () => undefined, announce: async () => undefined },
    },
    stop.signal,
  );
});
afterAll(async () => {
  stop.abort();
  await working;
  await guard?.stop();
  await bus?.close();
  await nats?.stop();
  await ollama?.stop();
  removeFolders();
});

describe("somebody who comes back during a trial", () => {
  it("has the machine as it was within seconds, and the trial is kept for later, unreported", async () => {
    await publishTrialOrder(bus, orderFor({ repetitions: 3 }));
    await waitFor("a sample", seen, {
      until: ({ activity }) => activity.startsWith("sample"),
      limitMs: 20_000,
    });
    expect(await loaded()).toEqual(["scripted:tiny"]);
    const cameAtMs = performance.now();
    typed(0);
    await waitFor("their model again", seen, {
      until: (now) => now.activity.startsWith("waits: in use since") && now.loaded.join() === "theirs:7b",
      limitMs: 10_000,
    });
    expect(performance.now() - cameAtMs).toBeLessThan(5_000);
    expect(state.activity).toMatch(/^waits: in use since \d\d:\d\d UTC \(keyboard, in a terminal\)$/);
    expect(outbox.pending()).toEqual([]);
    expect(await orderWaits(bus, MACHINE)).toBe(true);
  });

  it("has gone: the same attempt is run from its beginning", async () => {
    pace = QUICK;
    ollama.set({ pace });
    typed(HOUR_S);
    await waitFor("a result", () => [...outbox.pending(), ...lines], {
      until: () => outbox.pending().length > 0,
      limitMs: 20_000,
    });
    expect(outbox.pending()).toEqual(["t-1.1"]);
    await waitFor("their model again", loaded, { until: (names) => names.join() === "theirs:7b" });
    await waitFor("an empty pipe", () => orderWaits(bus, MACHINE), { until: (waits) => !waits });
    expect(guard.waits).toBeNull();
  });
});

describe("a server that can't be asked when the trial is stopped", () => {
  it("is asked until it has unloaded what was ours and loaded what was theirs", async () => {
    const cacheDir = newFolder();
    let asked = 0;
    const busy = createServer((_request, response) => {
      asked += 1;
      response.writeHead(503, { connection: "close" }).end('{"error":"busy"}');
    });
    await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
    const { port } = busy.address() as AddressInfo;
    const restore = [{ model: "scripted:tiny", numCtx: 512, keepAlive: "-1s" }];
    await writeLoadNote(cacheDir, { engineUrl: `http://127.0.0.1:${port}`, model: "ours:1b", restore });
    const tidied = tidyUp(cacheDir, stop.signal);
    await waitFor("a try", () => asked, { until: (times) => times > 0 });
    await new Promise((resolve) => busy.close(resolve));
    const back = await startScriptedOllama({}, port);
    try {
      expect((await tidied).join()).toContain("it was cleaned up");
      expect(await readLoadNotes(cacheDir)).toEqual([]);
      const loads = back.requests.filter(({ path }) => path === "/api/generate").map(({ body }) => body);
      expect(loads).toMatchObject([{ model: "scripted:tiny", keep_alive: "-1s" }]);
    } finally {
      await back.stop();
    }
  });
});

describe("a trial that comes while somebody is there", () => {
  it("is not begun, and the model that others ask for is a sign of them", async () => {
    const asked = { model: "scripted:tiny", prompt: "", options: { num_ctx: 512 } };
    await (await fetch(`${ollama.url}/api/generate`, { method: "POST", body: JSON.stringify(asked) })).text();
    await waitFor("the sign", () => state.activity, {
      until: (words) => words.includes("requests to its Ollama"),
    });
    await publishTrialOrder(bus, { ...orderFor(), trialId: "t-2" });
    const requests = ollama.requests.filter(({ path }) => path === "/api/generate").length;
    // Half a dozen looks later nothing has been asked of the server.
    const looks = () => ollama.requests.filter(({ path }) => path === "/api/ps").length;
    const before = looks();
    await waitFor("six looks", looks, { until: (now) => now >= before + 6 });
    expect(ollama.requests.filter(({ path }) => path === "/api/generate")).toHaveLength(requests);
    expect(await orderWaits(bus, MACHINE)).toBe(true);
    expect(outbox.pending()).toEqual(["t-1.1"]);
  });
});
