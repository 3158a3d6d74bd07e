// From what was typed (a file, flags, both) to a sweep request, or one sentence that says what is wrong where.
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { NAMED_SWEEP_NAMES, namedSweep } from "@ozone/shared/named-sweeps";
import { STRATEGY_WORDS } from "@ozone/shared/strategy-names";
import { readSweep, type SweepProblem } from "@ozone/shared/sweep-file";
import { cleanText } from "../render/clean-text.ts";
import { resolveStrategy } from "./strategy-module.ts";
import { documentFromFlags, type FlagDocument, type SweepFlagValues } from "./sweep-flags.ts";
import { readYaml, type YamlText, YamlTrouble } from "./yaml-text.ts";

const FILE_BYTES_MAX = 1024 * 1024;

/** What was typed behind `ozone sweep run` or `ozone sweep plan`. */
export interface TypedSweep {
  /** The path of a file, or the bare name of a named sweep, which goes before a file of that name. */
  readonly file: string | undefined;
  readonly flags: SweepFlagValues;
  /** The coordinator was named by its address: it may be on another machine. */
  readonly elsewhere?: boolean;
}

/**
 * Reads the file or takes the named sweep, lays the flags over it and checks the whole.
 * @throws OzoneError invalid_input: "night.yaml:4:3: ..." or "--num-ctx: ...".
 */
export async function readSweepRequest({ file, flags, elsewhere }: TypedSweep): Promise<SweepRequest> {
  const typed = documentFromFlags(flags);
  const named = namedSweep(file ?? "");
  const path = named ? undefined : file;
  const yaml = path === undefined ? null : parse(await readText(path), path);
  const document = overlay(named?.document ?? yaml?.value, typed);
  const { request, problems: found } = readSweep(document);
  const inFile = path !== undefined && !typed.origins.has("strategy");
  const folder = inFile ? dirname(resolve(path)) : process.cwd();
  const strategy = request && resolveStrategy(request.strategy, { folder, elsewhere: elsewhere ?? false });
  if (request && strategy !== null) return create(SweepRequestSchema, { ...request, strategy });
  const problems = request ? [NO_SUCH_STRATEGY] : found;
  const sentences = problems.map((problem) => describe(problem, { typed, yaml, file: file ?? "", document }));
  const more = sentences.length > 1 ? ` (and ${sentences.length - 1} more)` : "";
  throw new OzoneError("invalid_input", `${sentences[0] ?? "The sweep can't be read"}${more}.`);
}

const NO_SUCH_STRATEGY: SweepProblem = { path: ["strategy"], at: "value", message: STRATEGY_WORDS };

/** The flags go before the file, key by key. */
function overlay(base: unknown, { top, matrix }: FlagDocument): unknown {
  if (base !== null && base !== undefined && !isRecord(base)) return base;
  const below = isRecord(base?.matrix) ? base.matrix : {};
  const hasMatrix = Object.keys(matrix).length > 0 && (base?.matrix === undefined || isRecord(base.matrix));
  return { ...base, ...top, ...(hasMatrix ? { matrix: { ...below, ...matrix } } : {}) };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

interface Sources {
  readonly typed: FlagDocument;
  readonly yaml: YamlText | null;
  readonly file: string;
  readonly document: unknown;
}

function describe({ path, at, message }: SweepProblem, { typed, yaml, file, document }: Sources): string {
  const names = path.filter((step) => typeof step === "string");
  const found = valueAt(document, path);
  const not =
    at === "value" && message.startsWith("must ") && isScalar(found) ? `, not ${JSON.stringify(found)}` : "";
  const flag = typed.origins.get(names.join("."));
  if (flag) return cleanText(`${flag} ${message}${not}`);
  const subject = at === "key" ? "" : `${names.join(".") || "the file"} `;
  const sentence = cleanText(`${subject}${message}${not}`);
  if (!yaml) return file === "" ? sentence : `${file}: ${sentence}`;
  const { line, column } = yaml.locate(path, at);
  return `${file}:${line}:${column}: ${sentence}`;
}

const isScalar = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

/** The value at a path; a single value standing for a list is its own first item. */
function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document;
  for (const step of path) {
    if (typeof step === "number") value = Array.isArray(value) ? value[step] : value;
    else value = isRecord(value) ? value[step] : undefined;
  }
  return value;
}

function parse(text: string, file: string): YamlText {
  try {
    return readYaml(text);
  } catch (thrown) {
    if (!(thrown instanceof YamlTrouble)) throw thrown;
    const { line, column } = thrown.position;
    const why = cleanText(thrown.message).replace(/\.$/, "");
    throw new OzoneError("invalid_input", `${file}:${line}:${column}: this is no valid YAML: ${why}.`, {
      cause: thrown,
    });
  }
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > FILE_BYTES_MAX) {
      throw new OzoneError("invalid_input", `${file} is too large for a sweep file (over 1 MiB).`);
    }
    return await readFile(file, "utf8");
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    const why: Record<string, string> = {
      ENOENT: `there is no such file, and no named sweep of that name (${NAMED_SWEEP_NAMES})`,
      EISDIR: "it is a folder",
      EACCES: "no permission",
    };
    const code = systemCodeOf(thrown) ?? "";
    const message = `Cannot read ${cleanText(file)}: ${why[code] ?? code}; give the path of a sweep file, a name, or use flags.`;
    throw new OzoneError("invalid_input", message, { cause: thrown });
  }
}
