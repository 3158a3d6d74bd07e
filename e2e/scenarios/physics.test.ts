// What is measured is what is there: decode slows down with depth on the reference engine, as physics says, and a
// server with a flat rate is shown as flat. Through `ozone-agent bench`, the door that anyone can use.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flatPace, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunningProgram, runToEnd } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";

interface Bench {
  readonly verdict: string;
  readonly context: { allocated: number; promptTokens: number; filled: boolean };
  readonly metrics: { decodeTokensPerSecond: { median: number; n: number } };
}

let folder: string;
let engine: RunningProgram;
let engineUrl: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-physics-"));
  chmodSync(folder, 0o755);
  engine = new RunningProgram("engine", {
    args: ["serve", "--port", "0", "--data-dir", join(folder, "engine")],
  });
  const line = /\{"listening":"(http:[^"]+)"/;
  const output = await waitFor("a listening engine", () => engine.output, {
    until: (text) => line.test(text),
  });
  engineUrl = line.exec(output)?.[1] ?? "";
});
afterAll(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One honest trial; any verdict is an answer, an error of ours is not. */
async function bench(url: string, model: string, numCtx: number): Promise<Bench> {
  const options = [
    "--num-ctx",
    String(numCtx),
    "--num-thread",
    "1",
    "--num-predict",
    "64",
    "--repetitions",
    "3",
  ];
  const args = ["bench", "--ollama-url", url, "--model", model, ...options, "--json"];
  const { code, stdout, stderr } = await runToEnd("agent", { args, env: { OZONE_DATA_DIR: folder } });
  expect([0, 3], stderr).toContain(code);
  return JSON.parse(stdout) as Bench;
}

const rate = ({ metrics }: Bench) => metrics.decodeTokensPerSecond.median;

describe("the decode rate over depth", () => {
  it("falls on the reference engine, with the context really filled at both depths", async () => {
    const shallow = await bench(engineUrl, "ozone-synthetic:4m", 1024);
    const deep = await bench(engineUrl, "ozone-synthetic:4m", 8192);
    expect([shallow.context, deep.context]).toMatchObject([
      { allocated: 1024, promptTokens: 921, filled: true },
      { allocated: 8192, promptTokens: 7372, filled: true },
    ]);
    expect(rate(deep)).toBeLessThan(0.8 * rate(shallow));
  });

  it("is shown as flat for a server whose rate is flat", async () => {
    const scripted = await startScriptedOllama({
      pace: flatPace({ prefillTokensPerSecond: 20_000, decodeTokensPerSecond: 100 }),
    });
    const model = JSON.parse(await (await fetch(`${scripted.url}/api/tags`)).text()).models[0].name as string;
    const shallow = await bench(scripted.url, model, 1024);
    const deep = await bench(scripted.url, model, 8192);
    await scripted.stop();
    expect(rate(deep) / rate(shallow)).toBeGreaterThan(0.95);
    expect(rate(deep) / rate(shallow)).toBeLessThan(1.05);
  });
});
