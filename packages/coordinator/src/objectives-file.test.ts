// A file of one's own objectives: what it changes, and one sentence with file and line for what can't be used.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Purpose } from "@ozone/proto/configuration";
import { OBJECTIVES } from "@ozone/shared/objective";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadObjectives } from "./objectives-file.ts";
import { choosePresets } from "./presets/choose-preset.ts";
import { madeDefault, madeResult, point } from "./testing/made-results.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-objectives-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const path = join(folder, "objectives.yaml");
  await writeFile(path, text);
  return loadObjectives(path);
}

const refusal = (text: string): Promise<string> =>
  load(text).then(
    () => "",
    (thrown: Error) => thrown.message.replace(folder, "~"),
  );

const RESULTS = [
  madeResult({ trialId: "t-1", decode: [100], ttftMs: 4_000, purpose: Purpose.CONFIRM }),
  madeResult({
    trialId: "t-2",
    configuration: point({ numBatch: 64 }),
    decode: [50],
    ttftMs: 500,
    purpose: Purpose.CONFIRM,
  }),
  madeResult({
    trialId: "t-3",
    configuration: point({ numCtx: 2048 }),
    decode: [200],
    ttftMs: 100,
    purpose: Purpose.CONFIRM,
  }),
];

describe("the file of objectives", () => {
  it("is not needed: without one the defaults decide", async () => {
    expect(await loadObjectives(null)).toBe(OBJECTIVES);
    expect(await load("# nothing\n")).toEqual(OBJECTIVES);
  });

  it("replaces a default and adds others, and the preset says which objective decided", async () => {
    const objectives = await load(`objectives:
  balanced:
    maximise: decode_tps
    where: num_ctx >= 4096 and success_rate >= 0.9
  smallest_wait:
    minimise: ttft_ms
    words: the shortest wait for the first token
    use_case: Autocomplete
  gpu_only:
    maximise: num_gpu
`);
    const presets = choosePresets(RESULTS, [madeDefault()], objectives);
    expect(
      presets.map(({ purpose, configuration, objective }) => [
        purpose,
        configuration?.numCtx,
        configuration?.numBatch,
        objective,
      ]),
    ).toEqual([
      ["fast_response", 4096, 64, OBJECTIVES[0]?.words],
      [
        "balanced",
        4096,
        512,
        "own objective: maximise decode_tps where num_ctx >= 4096 and success_rate >= 0.9",
      ],
      ["max_context", 4096, 512, OBJECTIVES[2]?.words],
      ["smallest_wait", 2048, 512, "the shortest wait for the first token (own objective: minimise ttft_ms)"],
    ]);
    expect(presets[3]?.runnerUp?.whyItLost).toMatch(
      /^score -500\.00 \(minimise ttft_ms\), against score -100\.00/,
    );
  });

  it("can be JSON, and moves the floor alone", async () => {
    const objectives = await load('{"ctx_floor": 2048}');
    const [fast] = choosePresets(RESULTS, [madeDefault()], objectives);
    expect(fast?.configuration?.numCtx).toBe(2048);
    expect(fast?.objective).toBe(
      "own floor 2048: minimise ttft_ms + 64000 / decode_tps where num_ctx >= ctx_floor",
    );
    expect(objectives.slice(1)).toEqual(OBJECTIVES.slice(1));
  });

  it("is refused in one sentence with file, line and key", async () => {
    const wrong: [string, string][] = [
      [
        "objectives:\n  balanced:\n    maximise: decode_tp\n",
        "~/objectives.yaml, line 3: objectives.balanced.maximise: At character 1: a known name is expected",
      ],
      [
        "objectives:\n  balanced:\n    where: num_ctx >= 1\n",
        "~/objectives.yaml, line 3: objectives.balanced: An objective has exactly one of minimise and maximise.",
      ],
      [
        "objectives:\n  balanced:\n    maximise: num_ctx\n    wehre: 1\n",
        "~/objectives.yaml, line 4: objectives.balanced.wehre: There is no such key here; use minimise, maximise, where, then, log, words, use_case.",
      ],
      [
        "objectives:\n  extreme_64k:\n    maximise: num_ctx\n",
        "line 3: objectives.extreme_64k: A name has small letters",
      ],
      ["objectives: [1]\n", "~/objectives.yaml, line 1: objectives: Keys with values are expected here."],
      [
        "\nctx_floor: many\n",
        "~/objectives.yaml, line 2: ctx_floor: A whole number from 0 to 16777216 is expected here.",
      ],
      [
        "objectives:\n  own:\n    maximise: num_ctx\n    then: {maximise: foo}\n",
        "line 4: objectives.own.then.maximise: At character 1:",
      ],
      [
        "objectives:\n  own: {maximise: num_ctx, log: yes please}\n",
        "line 2: objectives.own.log: true or false is expected here.",
      ],
      ["objectives: *nothing\n", "~/objectives.yaml, line 1: Unresolved alias"],
      ["a: [", "~/objectives.yaml, line 1: "],
      ["- 1\n", "~/objectives.yaml, line 1: Keys with values are expected here."],
    ];
    for (const [text, sentence] of wrong) expect(await refusal(text)).toContain(sentence);
    await expect(loadObjectives(join(folder, "none.yaml"))).rejects.toThrow(/none\.yaml can't be read: /);
  });

  it("answers whatever stands in it with objectives or one sentence", async () => {
    const json = fc.json({ maxDepth: 4 }).map((text) => `{"objectives": ${text}}`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(json, fc.string()), async (text) => {
        const message = await refusal(text);
        if (message !== "") expect(message).toMatch(/^~\/objectives\.yaml, line \d+: /);
      }),
      { numRuns: 200 },
    );
  });
});
