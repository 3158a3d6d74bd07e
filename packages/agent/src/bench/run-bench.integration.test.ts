// `ozone-agent bench` as it is called: flags in, document and exit code out, against the scripted Ollama.
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import {
  type ScriptChange,
  type ScriptedOllama,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../measure/trial-material.ts";
import type { BenchDocument } from "./bench-document.ts";
import { runBench } from "./run-bench.ts";

const dataDir = newFolder();
const previous = process.env.OZONE_DATA_DIR;
beforeAll(() => {
  process.env.OZONE_DATA_DIR = dataDir;
});
afterAll(() => {
  if (previous === undefined) delete process.env.OZONE_DATA_DIR;
  else process.env.OZONE_DATA_DIR = previous;
  removeFolders();
});

let server: ScriptedOllama | undefined;
afterEach(() => server?.stop());

async function bench(flags: readonly string[], script: ScriptChange = {}) {
  server = await startScriptedOllama(script);
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const address = ["--ollama-url", server.url, "--model", "scripted:tiny", "--num-ctx", "2048"];
  const code = await runBench([...address, ...flags], { stdout: stream("stdout"), stderr: stream("stderr") });
  return { code, ...written };
}

const documentOf = (stdout: string): BenchDocument => {
  expect(stdout.trim().split("\n")).toHaveLength(1);
  return JSON.parse(stdout) as BenchDocument;
};

describe("ozone-agent bench", () => {
  it("ends with 0 and one JSON document for a valid trial; progress goes to stderr", async () => {
    const { code, stdout, stderr } = await bench(["--json", "--num-thread", "2", "--num-predict", "64"]);
    const document = documentOf(stdout);
    expect(document.verdict, stdout).toBe("valid");
    expect(code).toBe(0);
    expect(document.context).toMatchObject({
      requested: 2048,
      allocated: 2048,
      promptTokens: 1843,
      filled: true,
    });
    expect(document.checks.map(({ code: check }) => check)).toEqual(Object.keys(CHECK_ADVICE));
    expect(document.metrics.decodeTokensPerSecond.n).toBe(3);
    expect(stderr).toContain("filling 1843 tokens");
  });

  it("prints the same for a person without --json", async () => {
    const { code, stdout } = await bench(["--repetitions", "1", "--num-predict", "32"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^scripted:tiny on ollama 0\.24\.0: num_ctx 2048/);
    expect(stdout).toContain("1843 of 2048 tokens filled");
  });

  it("ends with 3 when a sample is rejected, and says by which check", async () => {
    const { code, stdout } = await bench(["--json", "--repetitions", "1"], { lies: ["swapped_durations"] });
    expect(code).toBe(3);
    const document = documentOf(stdout);
    expect(document.verdict).toBe("rejected");
    expect(document.checks.find(({ code: check }) => check === "clocks_agree")?.passed).toBe(false);
    expect(document.metrics.decodeTokensPerSecond.n).toBe(0);
  });

  it("measures what its flags ask for besides, each apart in the document", async () => {
    const flags = ["--precision", "--depths", "0.25,0.1", "--warm-prefix", "--sustained", "1"];
    const usual = ["--json", "--repetitions", "1", "--num-predict", "16", "--num-ctx", "1024"];
    const { code, stdout } = await bench([...usual, ...flags]);
    const document = documentOf(stdout);
    expect(code, stdout).toBe(0);
    expect(document.curve.map(({ depth, promptTokens }) => [depth, promptTokens])).toEqual([
      [0.1, 102],
      [0.25, 256],
    ]);
    expect(document.warmPrefix).toMatchObject({ samples: 1, fromCache: 1 });
    expect(document.sustained?.samples).toBeGreaterThanOrEqual(3);
    const { n } = document.metrics.decodeTokensPerSecond;
    expect(n).toBeGreaterThanOrEqual(6);
    expect(n).toBeLessThanOrEqual(15);
    const imprecise = document.warnings.some(({ code: warning }) => warning === "imprecise");
    expect(document.precision.precise).toBe(!imprecise);
    expect(document.checks.find(({ code: check }) => check === "no_prefix_cache")?.passed).toBe(true);
  });

  it("prints rows with their verdict also when a check failed, and says by which on stderr", async () => {
    const flags = ["--repetitions", "1", "--depths", "0.5", "--format", "csv"];
    const { code, stdout, stderr } = await bench(flags, { lies: ["swapped_durations"] });
    expect(code).toBe(3);
    const [header, ...rows] = stdout.trimEnd().split("\r\n");
    expect(header).toMatch(/^kind,model,model_digest,/);
    expect(rows.length).toBeGreaterThanOrEqual(1);
    for (const row of rows) expect(row).toContain(",rejected,");
    expect(stderr).toContain("rejected: clocks_agree: ");
  });

  it("ends with 4 and a class when the trial fails", async () => {
    const { code, stdout } = await bench(["--json"], { lies: ["http_500_oom"] });
    expect(code).toBe(4);
    expect(documentOf(stdout).failure?.class).toBe("out_of_memory_load");
  });

  it("ends with 2 and one sentence for wrong flags, asking nobody", async () => {
    const { code, stdout, stderr } = await bench(["--fill", "7"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(server?.requests).toEqual([]);
  });
});
