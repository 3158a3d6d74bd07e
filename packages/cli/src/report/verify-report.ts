// Whether the samples of a report are those that machines signed: each signature against its bytes, and each line of logs/
// against the bytes that stand for it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import { samplesJsonl } from "../render/samples-jsonl.ts";

/** What was found. */
export interface Verified {
  /** Results whose signature is right, and all of whose lines are what was signed. */
  readonly signedResults: number;
  readonly signedLines: number;
  /** Lines of logs/ that no signed result stands for. */
  readonly unsignedLines: number;
  /** Public keys by machine: whose they are is for the reader to know. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

async function linesOf(folder: string, kind: "logs" | "signed"): Promise<{ where: string; line: string }[]> {
  const names = await readdir(join(folder, kind)).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  });
  const files = names.filter((name) => name.endsWith(".jsonl")).sort();
  const all = await Promise.all(
    files.map(async (name) =>
      (await readFile(join(folder, kind, name), "utf8"))
        .split("\n")
        .map((line, index) => ({ where: `${kind}/${name}:${index + 1}`, line }))
        .filter(({ line }) => line !== ""),
    ),
  );
  return all.flat();
}

type Signed = { readonly result: TrialResult; readonly publicKey: string } | { readonly problem: string };

function readSigned({ where, line }: { where: string; line: string }): Signed {
  try {
    const read: Record<string, unknown> = JSON.parse(line);
    const [publicKey, signature, result] = [read.public_key, read.signature, read.result].map(String);
    const payload = Buffer.from(result ?? "", "base64");
    if (
      publicKey === undefined ||
      !isResultSignedBy(publicKey, payload, Buffer.from(signature ?? "", "base64"))
    )
      return {
        problem: `${where}: the signature is not that of ${String(publicKey).slice(0, 60)} over this result.`,
      };
    return { result: fromBinary(TrialResultSchema, payload), publicKey };
  } catch (thrown) {
    return { problem: `${where}: this is no signed result (${messageOf(thrown).split("\n")[0]}).` };
  }
}

/** Lines of logs/ that what was signed accounts for; what differs from it is a problem. */
function compareLines(logs: readonly { where: string; line: string }[], signed: readonly TrialResult[]) {
  const expected = new Set(
    signed.flatMap((result) =>
      samplesJsonl([result])
        .split("\n")
        .filter((line) => line !== ""),
    ),
  );
  const known = new Set(signed.map(({ trialId, attempt }) => JSON.stringify([trialId, attempt])));
  const problems: string[] = [];
  let signedLines = 0;
  let unsignedLines = 0;
  for (const { where, line } of logs) {
    if (expected.has(line)) {
      signedLines += 1;
      continue;
    }
    const about = JSON.parse(line) as { trial_id?: unknown; attempt?: unknown };
    if (known.has(JSON.stringify([about.trial_id, about.attempt])))
      problems.push(
        `${where}: this is not what the machine signed of ${String(about.trial_id).slice(0, 60)}.`,
      );
    else unsignedLines += 1;
  }
  return { problems, signedLines, unsignedLines };
}

/**
 * Verifies the files of a report.
 * @throws OzoneError not_found when there is none in the folder
 */
export async function verifyReport(folder: string): Promise<Verified> {
  const logs = await linesOf(folder, "logs");
  if (logs.length === 0)
    throw new OzoneError("not_found", `There are no logs/*.jsonl in ${folder}; name the folder of a report.`);
  const read = (await linesOf(folder, "signed")).map(readSigned);
  const signed = read.flatMap((one) => ("result" in one ? [one] : []));
  const keys: Record<string, string[]> = {};
  for (const { result, publicKey } of signed)
    keys[result.machineId] = [...new Set([...(keys[result.machineId] ?? []), publicKey])];
  const lines = compareLines(
    logs,
    signed.map(({ result }) => result),
  );
  const problems = [...read.flatMap((one) => ("problem" in one ? [one.problem] : [])), ...lines.problems];
  return { ...lines, signedResults: signed.length, keys, problems };
}
