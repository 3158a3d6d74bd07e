// Whether the samples of a report are those that machines signed: each signature against its bytes, and each line of logs/
// against the bytes that stand for it. The report is a stranger's: nothing is held in memory that its size could fill.
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { SAMPLES_PER_RESULT_MAX } from "@ozone/shared/limits";
import { isResultSignedBy } from "@ozone/shared/result-signature";
import { samplesJsonl } from "../render/samples-jsonl.ts";
import { READING_LIMITS, type ReportLine, reportLines } from "./report-lines.ts";

/** What was found. */
export interface Verified {
  /** Results whose signature is right, and all of whose lines are what was signed. */
  readonly signedResults: number;
  readonly signedLines: number;
  /** Lines of logs/ that no signed result stands for. */
  readonly unsignedLines: number;
  /** Public keys by machine: whose they are is for the reader to know. Machines may be called anything, `__proto__` too. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** Above the lines of any report that could be written; each is remembered as a digest. */
const SIGNED_LINES_MAX = 2_000_000;
/** What is wrong a thousand times need not be said once more. */
const PROBLEMS_MAX = 1_000;
/** Of trials and machines. */
const ID_LENGTH_MAX = 256;
const KEYS_PER_MACHINE_MAX = 100;
/** Of all lines of one result: 400 samples come to two millions. */
const RESULT_LETTERS_MAX = 64 * 1024 ** 2;

/** A result whose signature is right, with the digests of the lines that stand for it. */
interface Signed {
  readonly result: TrialResult;
  readonly publicKey: string;
  readonly digests: readonly string[];
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("base64");

/** @throws Error with why nothing that an agent sends looks like this */
function digestsOf(result: TrialResult): string[] {
  const { samples, trialId, machineId } = result;
  if (samples.length > SAMPLES_PER_RESULT_MAX) throw new Error(`it has ${samples.length} samples`);
  if (Math.max(trialId.length, machineId.length) > ID_LENGTH_MAX) throw new Error("its ids are too long");
  // One sample at a time: each line repeats what the attempt has in common.
  const parts = samples.length === 0 ? [[]] : samples.map((sample) => [sample]);
  let letters = 0;
  return parts.map((part) => {
    const line = samplesJsonl([{ ...result, samples: part }]).trimEnd();
    letters += line.length;
    if (letters > RESULT_LETTERS_MAX) throw new Error("its lines are too long");
    return digestOf(line);
  });
}

function readSigned({ where, line }: ReportLine): Signed | { readonly problem: string } {
  try {
    const read: Record<string, unknown> = JSON.parse(line);
    const [publicKey = "", signature = "", payload64 = ""] = [
      read.public_key,
      read.signature,
      read.result,
    ].map(String);
    const payload = Buffer.from(payload64, "base64");
    if (!isResultSignedBy(publicKey, payload, Buffer.from(signature, "base64")))
      return {
        problem: `${where}: the signature is not that of ${publicKey.slice(0, 60)} over this result.`,
      };
    const result = fromBinary(TrialResultSchema, payload);
    return { result, publicKey, digests: digestsOf(result) };
  } catch (thrown) {
    const why = messageOf(thrown).split("\n")[0]?.slice(0, 200);
    return { problem: `${where}: this is no signed result (${why}).` };
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

/** Sentences, of which no more are kept than anybody reads. */
class Problems {
  readonly #sentences: string[] = [];
  #more = 0;

  add(sentence: string): void {
    if (this.#sentences.length < PROBLEMS_MAX) this.#sentences.push(sentence);
    else this.#more += 1;
  }

  get all(): string[] {
    return this.#more === 0
      ? this.#sentences
      : [...this.#sentences, `There are ${this.#more} problems more.`];
  }
}

/** What was signed: which lines it accounts for, and by which keys. */
class SignedLines {
  /** Trials by digest of the lines that have not been met. */
  readonly missing = new Map<string, string>();
  readonly #about = new Set<string>();
  readonly #keys = new Map<string, Set<string>>();
  results = 0;

  add({ result, publicKey, digests }: Signed): void {
    this.results += 1;
    this.#about.add(digestOf(JSON.stringify([result.trialId, result.attempt])));
    for (const digest of digests) this.missing.set(digest, result.trialId);
    const keys = this.#keys.get(result.machineId) ?? new Set();
    if (keys.size < KEYS_PER_MACHINE_MAX) this.#keys.set(result.machineId, keys.add(publicKey));
    if (this.missing.size > SIGNED_LINES_MAX || this.results > SIGNED_LINES_MAX)
      throw new OzoneError(
        "invalid_input",
        `signed/ accounts for more than ${SIGNED_LINES_MAX} lines; verify a report of fewer sweeps.`,
      );
  }

  isAbout(about: string): boolean {
    return this.#about.has(digestOf(about));
  }

  get keys(): Verified["keys"] {
    return Object.fromEntries([...this.#keys].map(([machineId, of]) => [machineId, [...of]]));
  }
}

/**
 * Holds lines of logs/ against what was signed. Each line that is accounted for has to be there once: what differs, stands
 * there again or was left out is a problem.
 */
async function compareLines(logs: AsyncIterable<ReportLine>, signed: SignedLines, problems: Problems) {
  let signedLines = 0;
  let unsignedLines = 0;
  let lines = 0;
  for await (const { where, line } of logs) {
    lines += 1;
    const about = aboutOf(line);
    if (signed.missing.delete(digestOf(line))) signedLines += 1;
    else if (about === null) problems.add(`${where}: this is no JSON.`);
    else if (signed.isAbout(about))
      problems.add(
        `${where}: this is not what the machine signed of ${about.slice(0, 80)}, or it stands here again.`,
      );
    else unsignedLines += 1;
  }
  const left = new Map<string, number>();
  for (const trialId of signed.missing.values()) left.set(trialId, (left.get(trialId) ?? 0) + 1);
  for (const [trialId, count] of left)
    problems.add(
      `logs/: ${count} of the lines that the machine signed of ${trialId.slice(0, 60)} are missing.`,
    );
  return { lines, signedLines, unsignedLines };
}

/**
 * Verifies the files of a report.
 * @throws OzoneError not_found when there is none in the folder; invalid_input for what no report has: links, pipes, files and
 * lines without end
 */
export async function verifyReport(folder: string, limits = READING_LIMITS): Promise<Verified> {
  const problems = new Problems();
  const signed = new SignedLines();
  for await (const one of reportLines(folder, "signed", limits)) {
    const read = readSigned(one);
    if ("problem" in read) problems.add(read.problem);
    else signed.add(read);
  }
  const { lines, ...found } = await compareLines(reportLines(folder, "logs", limits), signed, problems);
  if (lines === 0)
    throw new OzoneError("not_found", `There are no logs/*.jsonl in ${folder}; name the folder of a report.`);
  return { ...found, signedResults: signed.results, keys: signed.keys, problems: problems.all };
}
