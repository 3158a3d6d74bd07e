// A report's samples against the signatures that came with it, with no coordinator.
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ReportSchema } from "@ozone/proto/report";
import { TrialResultSchema } from "@ozone/proto/trial";
import { makeMachineKey, signResult } from "@ozone/shared/bus";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { madeResult } from "../../../coordinator/src/testing/made-results.ts";
import { reportFiles } from "./report-files.ts";
import { READING_LIMITS } from "./report-lines.ts";
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

/** One line of signed/. */
function signedLine(change: MessageInitShape<typeof TrialResultSchema>): string {
  const payload = toBinary(TrialResultSchema, create(TrialResultSchema, change));
  const [signature, result] = [signResult(key, payload), payload].map((bytes) =>
    Buffer.from(bytes).toString("base64"),
  );
  return `${JSON.stringify({ public_key: key.publicKey, signature, result })}\n`;
}

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

describe("a report that a stranger made", () => {
  const refusals: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ["a link", (path) => symlinkSync("/dev/zero", path), /^logs\/x\.jsonl is a link or something else/],
    ["a link to another report", (path) => symlinkSync(join(folder, LOG), path), /^logs\/x\.jsonl is a link/],
    ["a pipe", (path) => execFileSync("mkfifo", [path]), /^logs\/x\.jsonl is a link or something else/],
    ["a folder", (path) => mkdirSync(path), /^logs\/x\.jsonl is a link or something else/],
    [
      "too large a file",
      (path) => writeFileSync(path, `${"{}\n".repeat(2_000)}`),
      /^logs\/x\.jsonl has more than 5000/,
    ],
    [
      "a line without an end",
      (path) => writeFileSync(path, "x".repeat(4_500)),
      /^logs\/x\.jsonl:1 is a line of more than/,
    ],
    [
      "too long a line",
      (path) => writeFileSync(path, `{}\n${"x".repeat(4_500)}\n`),
      /^logs\/x\.jsonl:2 is a line of more/,
    ],
  ];
  const small = { entries: 2, fileBytes: 5_000, lineBytes: 4_000 };

  it.each(refusals)("is refused with one sentence for %s, and nothing hangs", async (_, make, sentence) => {
    rmSync(join(folder, "signed"), { recursive: true });
    writeFileSync(join(folder, LOG), "{}\n");
    make(join(folder, "logs/x.jsonl"));
    await expect(verifyReport(folder, small)).rejects.toThrow(sentence);
    await expect(verifyReport(folder, small)).rejects.toThrow(
      /; this is no report as Ozone writes it, look at who sent it\.$/,
    );
  });

  it("is refused for more files than any report has, and for a folder that is a link", async () => {
    for (const name of ["1", "2", "3"]) writeFileSync(join(folder, "signed", name), "");
    await expect(verifyReport(folder, { ...READING_LIMITS, entries: 3 })).rejects.toThrow(
      /^signed\/ holds more than 3 files; this is no report/,
    );
    renameSync(join(folder, "signed"), join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(folder, "signed"));
    await expect(verifyReport(folder)).rejects.toThrow(/^signed is a link or a file, not a folder/);
  });

  it("may call its machines as it likes", async () => {
    change(SIGNED, /$/, signedLine({ trialId: "t-9", attempt: 1, machineId: "__proto__" }));
    const { keys, signedResults } = await verifyReport(folder);
    expect(signedResults).toBe(3);
    expect(Object.entries(keys)).toContainEqual(["__proto__", [key.publicKey]]);
  });

  it("can't fill the memory with what it signed itself", async () => {
    const samples = Array.from({ length: 401 }, () => ({}));
    const failure = { failureClass: "internal", message: "x".repeat(500_000) };
    const odd = [{ samples }, { trialId: "x".repeat(300) }, { samples: samples.slice(1), failure }];
    writeFileSync(join(folder, SIGNED), odd.map(signedLine).join(""));
    expect((await verifyReport(folder)).problems).toEqual([
      `${SIGNED}:1: this is no signed result (it has 401 samples).`,
      `${SIGNED}:2: this is no signed result (its ids are too long).`,
      `${SIGNED}:3: this is no signed result (its lines are too long).`,
    ]);
  });

  it("is told of what is wrong a thousand times, and not more often", async () => {
    writeFileSync(join(folder, SIGNED), "{}\n".repeat(1_500));
    const { problems } = await verifyReport(folder);
    expect([problems.length, problems.at(-1)]).toEqual([1_001, "There are 500 problems more."]);
  });
});
