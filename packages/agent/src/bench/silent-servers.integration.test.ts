// `ozone-agent bench` on servers that keep it waiting: it gives up in time. Apart from the other tests of the command,
// because these wait and do nothing else.
import { type ScriptChange, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../measure/trial-material.ts";
import type { BenchDocument } from "./bench-document.ts";
import { runBench } from "./run-bench.ts";

const previous = process.env.OZONE_DATA_DIR;
beforeAll(() => {
  process.env.OZONE_DATA_DIR = newFolder();
});
afterAll(() => {
  if (previous === undefined) delete process.env.OZONE_DATA_DIR;
  else process.env.OZONE_DATA_DIR = previous;
  removeFolders();
});

async function benchUntilGivenUp(script: ScriptChange) {
  const server = await startScriptedOllama(script);
  const printed: string[] = [];
  const streams = {
    stdout: { write: (text: string) => void printed.push(text) },
    stderr: { write: () => {} },
  };
  const started = performance.now();
  try {
    const flags = ["--ollama-url", server.url, "--model", "scripted:tiny", "--num-ctx", "2048", "--json"];
    const code = await runBench(flags, streams);
    const document = JSON.parse(printed.join("")) as BenchDocument;
    return { code, failure: document.failure?.class, elapsedMs: performance.now() - started };
  } finally {
    await server.stop();
  }
}

describe("ozone-agent bench gives up within a minute", () => {
  it.concurrent.each([
    ["hangs on every request", { lies: [{ name: "hang_before_headers", when: "always" }] }],
    ["drips on every request", { lies: [{ name: "slow_drip", when: "always", strength: 0.02 }] }],
  ] satisfies [string, ScriptChange][])("on a server that %s", async (_what, script) => {
    const { code, failure, elapsedMs } = await benchUntilGivenUp(script);
    expect(code).toBe(4);
    expect(failure).toMatch(/_timeout$/);
    expect(elapsedMs).toBeLessThan(60_000);
  });
});
