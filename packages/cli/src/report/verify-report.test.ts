// A report's samples against the signatures that came with it, with no coordinator.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { ReportSchema } from "@ozone/proto/report";
import { TrialResultSchema } from "@ozone/proto/trial";
import { makeMachineKey, signResult } from "@ozone/shared/bus";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { madeResult } from "../../../coordinator/src/testing/made-results.ts";
import { reportFiles } from "./report-files.ts";
import { verifyReport } from "./verify-report.ts";
import { writeFiles } from "./write-files.ts";

const key = makeMachineKey();
const RESULTS = [
  madeResult({ trialId: "t-1", decode: [100, 101] }),
  madeResult({ trialId: "t-2", failureClass: "engine_crashed" }),
  madeResult({ trialId: "t-3", decode: [99] }),
];
let folder: string;
const LOG = "logs/ozone-synthetic_4m.jsonl";
const SIGNED = "signed/ozone-synthetic_4m.jsonl";

/** The first two of three results are signed. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-verify-"));
  const signed = RESULTS.slice(0, 2).map((result) => {
    const payload = toBinary(TrialResultSchema, result);
    return { payload, signature: signResult(key, payload), publicKey: key.publicKey };
  });
  await writeFiles(folder, reportFiles(create(ReportSchema, { results: RESULTS, signed })));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(file: string, from: string | RegExp, to: string): void {
  const path = join(folder, file);
  const before = readFileSync(path, "utf8");
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

describe("a report with signatures", () => {
  it("is what its machines signed, and says what nobody signed", async () => {
    expect(await verifyReport(folder)).toEqual({
      ...{ signedResults: 2, signedLines: 3, unsignedLines: 1, problems: [] },
      keys: { "m-1": [key.publicKey] },
    });
  });

  it("shows a figure that was changed afterwards, with its place", async () => {
    change(LOG, '"decode_tokens_per_second":101', '"decode_tokens_per_second":202');
    const { problems, signedLines } = await verifyReport(folder);
    expect(problems).toEqual([
      `${LOG}:2: this is not what the machine signed of ["t-1",1], or it stands here again.`,
      "logs/: 1 of the lines that the machine signed of t-1 are missing.",
    ]);
    expect(signedLines).toBe(2);
  });

  it("shows a slow sample that was left out, a fast one that stands there twice, and what is no line at all", async () => {
    change(LOG, /^.*"decode_tokens_per_second":100,.*\n/m, "");
    expect((await verifyReport(folder)).problems).toEqual([
      "logs/: 1 of the lines that the machine signed of t-1 are missing.",
    ]);
    change(LOG, /^(.*"decode_tokens_per_second":101,.*\n)/m, "$1$1");
    expect((await verifyReport(folder)).problems[0]).toMatch(/or it stands here again\.$/);
    change(LOG, /$/, "{half a line\n");
    expect((await verifyReport(folder)).problems.join()).toMatch(/: this is no JSON\./);
  });

  it("shows a signed result that was changed, cut or made up, and does not trust it", async () => {
    change(SIGNED, /"signature":"...../, '"signature":"AAAAA');
    expect((await verifyReport(folder)).problems[0]).toMatch(
      /^signed\/.*:1: the signature is not that of U[A-Z2-7]+ over this/,
    );
    change(SIGNED, /"signature":"AAAAA.*\n/, "{broken\n");
    const { problems, signedResults, unsignedLines } = await verifyReport(folder);
    expect(problems[0]).toMatch(/:1: this is no signed result/);
    expect([signedResults, unsignedLines]).toEqual([1, 3]);
  });

  it("is asked for where there is none", async () => {
    await expect(verifyReport(join(folder, "env"))).rejects.toThrow(
      /There are no logs\/\*\.jsonl in .*; name the folder/,
    );
  });
});
