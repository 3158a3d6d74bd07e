// The main job by hand: up, a quick sweep, presets, a report, down; a second time on the same data.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  startTraceCollector,
  type TraceCollector,
} from "../../packages/shared/src/testing/trace-collector.ts";
import { runToEnd } from "../setup/processes.ts";

let folder: string;
let env: Record<string, string>;
let collector: TraceCollector;

beforeAll(async () => {
  collector = await startTraceCollector();
  folder = mkdtempSync(join(tmpdir(), "ozone-main-job-"));
  chmodSync(folder, 0o755);
  // Nothing listens there: the reference engine is what is left.
  env = { OZONE_DATA_DIR: join(folder, "data"), OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
});
afterAll(async () => {
  await ozone("down");
  await collector.close();
  rmSync(folder, { recursive: true, force: true });
});

async function ozone(...args: string[]) {
  const result = await runToEnd("cli", { args, env });
  expect(result.code, `ozone ${args.join(" ")}: ${result.stderr}`).toBe(0);
  return result;
}
const json = async (...args: string[]) => JSON.parse((await ozone(...args, "--json")).stdout);

/** Processes that name our folder in their command line or environment. */
function processesLeft(): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.flatMap((id) => {
    try {
      const text = readFileSync(`/proc/${id}/cmdline`, "utf8") + readFileSync(`/proc/${id}/environ`, "utf8");
      return text.includes(folder) ? [text.split("\0").slice(0, 3).join(" ")] : [];
    } catch {
      return []; // It ended meanwhile.
    }
  });
}

describe("the main job on a machine without Ollama", () => {
  it("starts everything and says that the reference engine is used", async () => {
    const { stderr, stdout } = await ozone("up");
    expect(stderr + stdout).toMatch(/reference engine with a synthetic model/);
    expect(await json("status")).toMatchObject({ status: { machinesOnline: 1 } });
  });

  it("finds that everything runs when it is started again", async () => {
    const before = await json("machine", "list");
    await ozone("up");
    expect((await json("machine", "list")).machines).toHaveLength(before.machines.length);
  });

  it("gives three presets that say synthetic wherever they appear", async () => {
    const swept = await ozone(
      "sweep",
      "run",
      "--strategy",
      "quick",
      "--budget",
      "45s",
      "--model",
      "ozone-synthetic:4m",
    );
    expect(swept.stdout + swept.stderr).toMatch(/trial \d+ of \d+/);
    const { presets } = await json("preset", "list");
    const purposes = presets.map(({ purpose }: { purpose: string }) => purpose);
    expect(purposes.sort()).toEqual(["balanced", "fast_response", "max_context"]);
    const shown = await ozone("preset", "show", "ozone-synthetic:4m");
    expect(shown.stdout).toMatch(/Synthetic: real timings of a synthetic model/);
    expect(shown.stdout).toMatch(/at least \d+ % \(95 % conf\.\)/);
    const yaml = await ozone("preset", "export", "--format", "yaml");
    expect(yaml.stdout).toMatch(/fast_response:\n\s+num_ctx: \d+\n\s+num_batch: \d+/);
  });

  it("advises on the models from what it measured, and predicts nothing real from a synthetic one", async () => {
    const { models } = await json("model", "advise", "--purpose", "fast_response");
    const measured = models.find(
      ({ modelName }: { modelName: string }) => modelName === "ozone-synthetic:4m",
    );
    expect(measured).toMatchObject({
      provenance: "synthetic",
      room: { word: "fits" },
      speed: {
        basis: "measured",
        onThisMachine: true,
        decode: { median: expect.any(Number), n: expect.any(Number) },
      },
    });
    for (const { provenance } of models) expect(provenance).toBe("synthetic");
  });

  it("writes the seed's files, one line per sample, and a report that needs nothing else", async () => {
    const out = join(folder, "results");
    await ozone("report", "build", "--out", out);
    const lines = readFileSync(join(out, "logs/ozone-synthetic_4m.jsonl"), "utf8").trim().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ provenance: "synthetic" });
    expect(readdirSync(join(out, "env"))).toEqual([expect.stringMatching(/^m-[0-9a-f]+\.json$/)]);
    for (const file of [
      "defaults/ozone-synthetic_4m.yaml",
      "summaries/ozone-synthetic_4m.json",
      "report.md",
    ]) {
      expect(readFileSync(join(out, file), "utf8")).toMatch(/[Ss]ynthetic/);
    }
    const html = readFileSync(join(out, "report.html"), "utf8");
    expect(html).not.toMatch(/<script|src="http|href="http/);
  });

  it("stops everything that it started, and then one trace tells of every trial from the command to the presets", async () => {
    await ozone("down");
    expect(processesLeft()).toEqual([]);
    const { spans } = collector;
    const childrenOf = (spanId: string | undefined) => spans.filter((span) => span.parentSpanId === spanId);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const sweep = spans.find(({ name }) => name === "sweep");
    const attempts = childrenOf(sweep?.spanId).filter(({ name }) => name === "attempt");
    expect(childrenOf(sweep?.spanId).filter(({ name }) => name === "submit")).toHaveLength(1);
    expect(attempts.length).toBeGreaterThanOrEqual(3);
    for (const { spanId } of attempts) {
      const names = childrenOf(spanId).map(({ name }) => name);
      expect(names.sort()).toEqual(["deliver", "intake", "measure", "order", "presets", "wait for the host"]);
    }
    const { code } = await runToEnd("cli", { args: ["status"], env });
    expect(code).toBe(1);
  });

  it("leaves logs in which each trial is found by its id, with the machine and the sweep", () => {
    const linesOf = (program: string) =>
      readFileSync(join(folder, "data/logs", `${program}.log`), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line));
    const stored = linesOf("coordinator").filter(({ msg }) => msg === "result stored");
    expect(stored.length).toBeGreaterThanOrEqual(3);
    const measured = linesOf("agent");
    for (const { trial_id, attempt, sweep_id, machine_id } of stored) {
      expect(machine_id).toMatch(/^m-/);
      expect(measured).toContainEqual(expect.objectContaining({ trial_id, attempt, sweep_id }));
    }
  });

  it("has its results and presets again after the next start, also after everything was killed", async () => {
    await ozone("up");
    const { presets } = await json("preset", "list");
    expect(presets).toHaveLength(3);
    for (const file of ["run/coordinator.json", "run/engine.json", "agent/run/agent.json"]) {
      process.kill(JSON.parse(readFileSync(join(folder, "data", file), "utf8")).pid, "SIGKILL");
    }
    await ozone("up");
    expect((await json("preset", "list")).presets).toEqual(presets);
    await ozone("down");
    expect(processesLeft()).toEqual([]);
  });
});
