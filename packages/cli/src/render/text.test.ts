import { SweepState } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import { sweep, WATCHED } from "../../test/fake-coordinator.ts";
import { MACHINE, PRESETS, point, preset } from "../../test/sample-report.ts";
import { presetDocuments } from "../presets/preset-documents.ts";
import { presetYaml } from "./preset-yaml.ts";
import { progressLine, progressLineWithTime } from "./progress.ts";
import { machinesText } from "./text-machines.ts";
import { NO_PRESETS, presetScreen, presetsText } from "./text-presets.ts";
import { endedTrialLine, sweepText } from "./text-sweeps.ts";
import { textTable } from "./text-table.ts";

const HOSTILE = `evil${String.fromCharCode(27)}[2J\r\n\u202Ename`;

describe("textTable()", () => {
  it("aligns columns, numbers to the right, and keeps hostile cells on their line", () => {
    const table = textTable(
      [{ heading: "A" }, { heading: "N", align: "right" }],
      [
        ["x", "1"],
        [HOSTILE, "100"],
      ],
    );
    expect(table).toBe("A            N\nx            1\nevil name  100\n");
  });
});

describe("a preset's screen", () => {
  it("says what to set, what it gains, how sure that is, what speaks against it, who lost, and what it holds for", () => {
    const screen = presetScreen(preset({ purpose: "fast_response" }));
    for (const part of [
      "(preliminary, synthetic)",
      "num_ctx 4096, num_batch 512, num_thread 1, num_predict 128",
      "decode rate: 1.18 times the default's [1.10, 1.26], better",
      "6/6, at least 61 % (95 % conf.)",
      "single source",
      "it lost     2710 ms for a 64-token answer, against 2450 ms",
      "amd-epyc-2c-avx512-24gb-linux",
      "reference 0.1.0",
      "sha256:0123456789ab, Q8_0\n",
      "2 attempts on m-1f2e3d4c5b\n",
    ]) {
      expect(screen).toContain(part);
    }
  });

  it("fits one screen of a small terminal", () => {
    const lines = presetScreen(preset({ purpose: "fast_response" }))
      .trimEnd()
      .split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(24);
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("does not invent a gain where the default was chosen or not measured", () => {
    const chosen = presetScreen(
      preset({ purpose: "balanced", gains: [], defaultConfiguration: point(4096) }),
    );
    expect(chosen).toContain("Nothing: it is the default configuration.");
    const { defaultConfiguration: _, ...unknown } = preset({ purpose: "balanced", gains: [] });
    expect(presetScreen(unknown)).toContain("Not known: the default configuration was not measured.");
  });

  it("says where a gain or a loss is partly the size of the context", () => {
    const screenOf = (numCtx: number) =>
      presetScreen(preset({ purpose: "balanced", configuration: point(numCtx) })).replace(/\s+/g, " ");
    expect(screenOf(1024)).toContain("; 0.25 times its context is less room, and part of the gain in speed");
    expect(screenOf(8192)).toContain("; 2 times its context is more room, and part of the cost in speed");
    expect(screenOf(4096)).not.toContain("times its context");
  });

  it("says first of all that a preset is stale and why, in text and in files", () => {
    const reason = "m-1 runs ollama 0.25.0 now, and this was measured on ollama 0.24.0.";
    const stale = preset({ purpose: "balanced", staleBecause: [reason] });
    expect(presetScreen(stale)).toContain(`Why it may no longer hold\n  - ${reason}`);
    expect(presetScreen(stale)).toContain("(preliminary, stale, synthetic)");
    expect(presetsText([stale])).toContain("preliminary, stale");
    const yaml = presetDocuments([stale]).map(presetYaml).join("");
    expect(yaml).toContain("# Stale: something changed since this was measured");
    expect(yaml).toContain(`- ${reason}`);
    expect(presetScreen(preset({ purpose: "balanced" }))).not.toContain("no longer hold");
  });

  it("keeps hostile names and warnings on one line without terminal codes", () => {
    const screen = presetScreen(preset({ purpose: "balanced", modelName: HOSTILE, warnings: [HOSTILE] }));
    expect(screen).toContain("balanced for evil name");
    expect(screen).toContain("  - evil name\n");
    expect(screen).not.toContain(String.fromCharCode(27));
  });
});

describe("lists", () => {
  it("show presets with interval, n, status and provenance, and the notice below", () => {
    const text = presetsText(PRESETS);
    expect(text.split("\n")[1]).toMatch(
      /fast_response +4096 +80\.1 t\/s \[77\.7, 81\.7\], n 6 .*preliminary +synthetic/,
    );
    expect(text).toContain("Synthetic: real timings of a synthetic model");
    expect(presetsText([])).toBe(NO_PRESETS);
  });

  it("show machines, and why one has no engine", () => {
    const broken = Object.assign({}, MACHINE, { id: "m-2", engineProblem: "No Ollama answers.", models: [] });
    const text = machinesText([MACHINE, broken]);
    expect(text).toMatch(/m-1f2e3d4c5b +lab-pc-17 +online/);
    expect(text).toContain("m-2: No Ollama answers.\n");
  });

  it("says below the table why a machine gets no orders", () => {
    const versionProblem = "lab-1 runs agent 0.1.0 (protocol 1): it gets no orders.";
    expect(machinesText([Object.assign({}, MACHINE, { versionProblem })])).toContain(
      `${MACHINE.id}: ${versionProblem}\n`,
    );
  });

  it("show the first thing that an agent may not read, and how many more there are", () => {
    const accessProblems = ["The GPU device /dev/kfd can't be opened.", "The model store can't be read."];
    const text = machinesText([Object.assign({}, MACHINE, { accessProblems })]);
    expect(text).toContain(
      "m-1f2e3d4c5b: The GPU device /dev/kfd can't be opened. And 1 more (`--json` lists them).",
    );
  });
});

describe("a sweep's progress", () => {
  const [first] = WATCHED;

  it("says which trial of how many, what it is, what happens now, and the time left", () => {
    if (!first) throw new Error("no sample");
    const line =
      "trial 1 of 3 planned so far · num_ctx 8192, num_batch 512, num_thread 1, num_predict 128 · filling 7372 tokens";
    expect(progressLine(first)).toBe(line);
    expect(progressLineWithTime(first, 1000)).toBe(`${line} · 40 s left`);
    expect(progressLineWithTime(first, 60_000)).toBe(`${line} · 0 ms left`);
  });

  it("has something to say when nothing runs yet and when all is over", () => {
    expect(progressLine({ sweep: sweep({ trialsPlanned: 0 }), running: [], activities: [] })).toBe(
      "0 of 0 trials ended · planning",
    );
    const done = sweep({ state: SweepState.DONE, trialsDone: 3 });
    expect(progressLineWithTime({ sweep: done, running: [], activities: [] }, 0)).toBe(
      "done: 3 of 3 trials ended",
    );
  });

  it("gives each ended trial a line with its figures and their n, or its failure", () => {
    const ended = WATCHED.flatMap((message) => message.ended).map(endedTrialLine);
    expect(ended[0]).toMatch(/^done .*: decode 43\.9 t\/s, prefill 804\.0 t\/s, TTFT 9\.17 s \(n 1\)$/);
    expect(ended[2]).toMatch(/^failed .*: out_of_memory_load: no room$/);
    expect(sweepText(sweep(), []).includes("time left  41 s")).toBe(true);
  });
});
