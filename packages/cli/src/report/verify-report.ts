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

/** What a line says that it is about; null: it is no JSON. */
function aboutOf(line: string): string | null {
  try {
    const { trial_id, attempt } = JSON.parse(line) as { trial_id?: unknown; attempt?: unknown };
    return JSON.stringify([trial_id, attempt]);
  } catch {
    return null;
  }
}

/**
 * Lines of logs/ that what was signed accounts for. Each of them has to be there once: what differs, stands there again or was
 * left out is a problem.
 */
function compareLines(logs: readonly { where: string; line: string }[], signed: readonly TrialResult[]) {
  const missing = new Map<string, string>();
  const known = new Set<string>();
  for (const result of signed) {
    known.add(JSON.stringify([result.trialId, result.attempt]));
    for (const line of samplesJsonl([result]).split("\n")) if (line !== "") missing.set(line, result.trialId);
  }
  const problems: string[] = [];
  let signedLines = 0;
  let unsignedLines = 0;
  for (const { where, line } of logs) {
    const about = aboutOf(line);
    if (missing.delete(line)) signedLines += 1;
    else if (about === null) problems.push(`${where}: this is no JSON.`);
    else if (known.has(about))
      problems.push(
        `${where}: this is not what the machine signed of ${about.slice(0, 80)}, or it stands here again.`,
      );
    else unsignedLines += 1;
  }
  const left = new Map<string, number>();
  for (const trialId of missing.values()) left.set(trialId, (left.get(trialId) ?? 0) + 1);
  for (const [trialId, lines] of left)
    problems.push(
      `logs/: ${lines} of the lines that the machine signed of ${trialId.slice(0, 60)} are missing.`,
    );
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
