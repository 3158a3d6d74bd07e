// A whole report of results that say whose their machines are: no file of it does, in any of its forms.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clone, create, toBinary } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { makeMachineKey, signResult } from "@ozone/shared/bus";
import { afterAll, describe, expect, it } from "vitest";
import { FAILED, MACHINE, preset, RESULT, sampleReport } from "../../test/sample-report.ts";
import { reportFiles } from "./report-files.ts";
import { verifyReport } from "./verify-report.ts";
import { writeFiles } from "./write-files.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What must be in no file. The machines are called lab-pc-17 and attic. */
const SECRET =
  /lab-pc-17|attic|alice|bob|192\.168\.|fe80::7|gpu-box|10\.1\.2\.3|corp\.example|[\\/]home[\\/]|Users/i;
const TALE =
  "The server at http://192.168.1.5:11434 said: open /home/alice/.ollama/x on lab-pc-17.corp.example: dial tcp: lookup gpu-box.lan on 10.1.2.3:53, [fe80::7]:1, C:\\Users\\bob\\x.";

/** A result of an agent that did not clean what it said. */
function telling(result: TrialResult): TrialResult {
  const copy = clone(TrialResultSchema, result);
  if (copy.failure) copy.failure.message = TALE;
  for (const sample of copy.samples)
    for (const check of sample.checks) check.detail = `${check.detail}; ${TALE}`;
  copy.warnings.push(...[{ $typeName: "ozone.v1.Warning" as const, code: "w", message: TALE }]);
  if (copy.conditions) copy.conditions.serverEnvironment = { OLLAMA_LLM_LIBRARY: "/home/alice/x.so" };
  return copy;
}

const key = makeMachineKey();
function signedBy(result: TrialResult) {
  const payload = toBinary(TrialResultSchema, result);
  return { payload, signature: signResult(key, payload), publicKey: key.publicKey };
}

const CLEAN = create(TrialResultSchema, { ...RESULT, trialId: "t-clean", machineId: "m-2" });
const results = [telling(RESULT), telling(FAILED), CLEAN];
const report = sampleReport({
  title: "Sweep of lab-pc-17 and attic",
  machines: [MACHINE, create(MachineSchema, { ...MACHINE, id: "m-2", name: "attic", factsJson: "{}" })],
  presets: [preset({ purpose: "balanced", warnings: [TALE], staleBecause: ["attic has another GPU."] })],
  results,
  notes: ["lab-pc-17 and attic share one search of x.", `${TALE} Twice.`],
  signed: results.map(signedBy),
});

/** Base64 of signed results is read as well. */
function textsOf(content: string): string[] {
  const payloads = [...content.matchAll(/"result":"([^"]+)"/g)].map(([, text = ""]) =>
    Buffer.from(text, "base64").toString("latin1"),
  );
  return [content, ...payloads];
}

describe("a report of machines that told of their owners", () => {
  it("says in no file whose they are, not even in what was signed", () => {
    for (const { path, content } of reportFiles(report)) {
      for (const text of textsOf(content)) expect(SECRET.exec(text)?.[0], path).toBeUndefined();
    }
  });

  it("keeps classes, codes and figures, and says what was left out and in which place a word stood", () => {
    const contentOf = (path: string) => reportFiles(report).find((file) => file.path === path)?.content ?? "";
    const lines = contentOf("logs/ozone-synthetic_30m.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({
      sample: { decode_tokens_per_second: 43.9, eval_ns: 2_893_000_000 },
      conditions: { load_average: 0.42, server_environment: { OLLAMA_LLM_LIBRARY: "<home>/x.so" } },
    });
    expect(lines[0].sample.checks[0]).toMatchObject({ code: "prompt_tokens_match", passed: true });
    expect(lines[0].sample.checks[0].detail).toContain(
      "7372 of 7372; The server at <address> said: open <home>/x on <machine>",
    );
    expect(lines[2].failure.class).toBe("out_of_memory_load");
    expect(contentOf("report.md")).toContain("2 signed results are left out of signed/");
    expect(contentOf("report.md")).toContain("&lt;machine> and &lt;machine> share one search of x.");
  });

  it("has the signatures of results that say nothing, and they hold", async () => {
    await writeFiles(folder, reportFiles(report));
    expect(await verifyReport(folder)).toMatchObject({
      ...{ signedResults: 1, signedLines: 2, unsignedLines: 3, problems: [] },
    });
  });
});
