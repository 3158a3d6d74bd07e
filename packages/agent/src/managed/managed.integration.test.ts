// Managed servers on the reference engine: the settings are in force, a fallback is caught, and whatever happens to the
// agent, no server of ours is left and the user's own is as it was.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Verdict } from "@ozone/proto/trial";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BenchDocument } from "../bench/bench-document.ts";
import { runBench } from "../bench/run-bench.ts";
import { listPids } from "../machine/process-tree.ts";
import { cleanUpLeftovers } from "../measure/leave-no-trace.ts";
import { unknownConditions, unknownSampler } from "../measure/ports.ts";
import {
  failedCodes,
  newFolder,
  orderFor,
  portsFor,
  removeFolders,
  story,
} from "../measure/trial-material.ts";
import { runTrial } from "../run-trial.ts";
import { MARK } from "./environment.ts";
import type { MemoryLimits } from "./memory-watch.ts";
import { managedServers } from "./open-managed-server.ts";
import { environmentOf } from "./users-server.ts";

const engineScript = fileURLToPath(new URL("../../../engine/bin/ozone-engine.js", import.meta.url));
const agentPackage = fileURLToPath(new URL("../..", import.meta.url));
const model = "ozone-synthetic:4m";
const dataDir = newFolder();
const cacheDir = join(dataDir, "agent", "cache");
/** Settings of a shell that must reach neither the managed server nor the figures. */
const shell = {
  OLLAMA_KV_CACHE_TYPE: "q4_0",
  OLLAMA_FLASH_ATTENTION: "0",
  LLAMA_ARG_FIT: "off",
  GGML_X: "1",
};
let user: ChildProcess;
let url = "";

beforeAll(async () => {
  execFileSync(process.execPath, ["../../scripts/bundle.mjs", "src/main.ts"], { cwd: agentPackage });
  user = spawn(
    process.execPath,
    [engineScript, "serve", "--port", "0", "--data-dir", join(dataDir, "models")],
    {
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
  const [line] = await once(user.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  url = (JSON.parse(String(line)) as { listening: string }).listening;
  const loaded = { model, prompt: "", keep_alive: -1, options: { num_ctx: 512 } };
  await fetch(`${url}/api/generate`, { method: "POST", body: JSON.stringify(loaded) }).then((one) =>
    one.text(),
  );
});

afterAll(async () => {
  user.kill("SIGTERM");
  await once(user, "exit");
  removeFolders();
});

/** What must not change of the user's own server: its process, its environment, its models. */
const usersServer = async (): Promise<string> => {
  const { models } = (await (await fetch(`${url}/api/ps`)).json()) as { models: Record<string, unknown>[] };
  const environment = readFileSync(`/proc/${user.pid}/environ`, "utf8");
  return JSON.stringify([
    user.exitCode,
    environment,
    models.map((one) => [one.name, one.context_length, one.effective]),
  ]);
};

/** Environments of all processes of managed servers that run now. */
const managedEnvironments = () =>
  listPids().flatMap((pid) => {
    try {
      const environment = environmentOf(readFileSync(`/proc/${pid}/environ`, "utf8"));
      return environment[MARK] === undefined ? [] : [environment];
    } catch {
      return []; // it ended meanwhile
    }
  });

const notes = (): string[] =>
  existsSync(cacheDir)
    ? readdirSync(cacheDir).filter((name) => /^(managed|loaded)-.*\.json$/.test(name))
    : [];

const flags = (...more: string[]): string[] => [
  ...["--managed", "--ollama-url", url, "--model", model, "--num-ctx", "1024", "--num-thread", "1"],
  ...["--num-predict", "32", "--repetitions", "1", "--json", ...more],
];

/** Kills a bench without mercy as soon as `isStage` holds of what it has said. */
async function killBench(isStage: (said: string) => boolean): Promise<void> {
  const child = spawn(process.execPath, ["bin/ozone-agent.js", "bench", ...flags()], {
    cwd: agentPackage,
    env: { ...process.env, ...shell, OZONE_DATA_DIR: dataDir },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.on("data", (piece: Buffer) => {
    said += String(piece);
  });
  while (!isStage(said)) {
    if (child.exitCode !== null) throw new Error(`The bench ended with ${child.exitCode} before: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  child.kill("SIGKILL");
  await ended;
}

const inForce = ({ checks }: BenchDocument, code: string) => checks.find((check) => check.code === code);

describe("an agent that is killed", () => {
  it.each([
    ["the server starts", () => notes().length > 0],
    ["the model is loaded", (said: string) => said.includes(`loading ${model}`)],
    ["the server is stopped", (said: string) => said.includes("stopping the managed server")],
  ])(
    "while %s leaves nothing after its next start, and the user's server as it was",
    async (_what, isStage) => {
      const before = await usersServer();
      await killBench(isStage);
      await cleanUpLeftovers(cacheDir);
      expect(managedEnvironments()).toEqual([]);
      expect(notes()).toEqual([]);
      expect(await usersServer()).toBe(before);
    },
  );

  it("while the context is filled leaves a server that the next bench ends before its own", async () => {
    const before = await usersServer();
    await killBench((said) => said.includes("filling "));
    const left = managedEnvironments();
    expect(left.length).toBeGreaterThan(0);
    for (const environment of left) {
      expect(environment).toMatchObject({ OLLAMA_KV_CACHE_TYPE: "f16", OLLAMA_NOPRUNE: "1" });
      for (const name of ["LLAMA_ARG_FIT", "GGML_X", "OLLAMA_FLASH_ATTENTION"]) {
        expect(environment).not.toHaveProperty(name);
      }
    }
    const { document, said } = await bench("--kv-cache-type", "q8_0");
    expect(said).toContain("of an interrupted trial");
    expect(document.verdict, JSON.stringify(document)).toBe("valid");
    expect(inForce(document, "kv_type_effective")).toMatchObject({ passed: true, detail: /q8_0 as asked/ });
    expect(document.conditions).toMatchObject({
      managed: true,
      serverEnvironment: {
        OLLAMA_KV_CACHE_TYPE: "q8_0",
        OLLAMA_FLASH_ATTENTION: "1",
        OLLAMA_NUM_PARALLEL: "1",
      },
    });
    expect(document.provenance).toBe("synthetic");
    expect(document.warnings.map(({ code }) => code)).toContain("users_model_loaded");
    expect(managedEnvironments()).toEqual([]);
    expect(await usersServer()).toBe(before);
  });
});

async function bench(...more: string[]): Promise<{ document: BenchDocument; said: string }> {
  const previous = process.env.OZONE_DATA_DIR;
  process.env.OZONE_DATA_DIR = dataDir;
  const written = { stdout: "", stderr: "" };
  try {
    await runBench(flags(...more), {
      stdout: { write: (text: string) => (written.stdout += text) },
      stderr: { write: (text: string) => (written.stderr += text) },
    });
  } finally {
    if (previous === undefined) delete process.env.OZONE_DATA_DIR;
    else process.env.OZONE_DATA_DIR = previous;
  }
  return { document: JSON.parse(written.stdout) as BenchDocument, said: written.stderr };
}

describe("a managed trial", () => {
  const run = (point: object, limits?: MemoryLimits) => {
    const room = { read: async () => null };
    const managed = managedServers({
      engineUrl: url,
      env: process.env,
      engineDataDir: join(dataDir, "unused"),
      folder: cacheDir,
      conditionsOf: () => unknownConditions,
      samplerOf: () => unknownSampler,
      room,
      ...(limits === undefined ? {} : { limits }),
    });
    const order = orderFor({
      modelName: model,
      point: { numCtx: 1024, numThread: 1, numPredict: 32, ...point },
    });
    return runTrial(order, { ...portsFor(url), managed });
  };

  it("catches the server's fallback to f16, in the server's own words", async () => {
    const result = await run({ kvCacheType: "q8_0", flashAttention: "off" });
    expect(result.verdict).toBe(Verdict.REJECTED);
    expect(failedCodes(result), story(result)).toEqual(["kv_type_effective"]);
    expect(story(result)).toMatch(/the server fell back to f16.*flash attention disabled, using f16/);
  });

  it("is ended before it exhausts the machine, as a failure for want of memory", async () => {
    const result = await run({ kvCacheType: "q8_0" }, { ownBytes: 1_000_000, reserveBytes: 0 });
    expect(result.failure).toMatchObject({ failureClass: "out_of_memory_load" });
    expect(result.failure?.message).toMatch(/took .* more than the .* that it may have/);
    expect(managedEnvironments()).toEqual([]);
    expect(notes()).toEqual([]);
  });
});
