// Reads the file of a person's own objectives at the start, and says in one sentence what is wrong with it and where.
import { readFile } from "node:fs/promises";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { OBJECTIVES, type Objective } from "@ozone/shared/objective";
import { ObjectivesFileError, readObjectives } from "@ozone/shared/objectives/read-objectives";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";

const FILE_BYTES_MAX = 65_536;

/**
 * The objectives that presets are chosen by; without a file the defaults.
 * @throws OzoneError invalid_input that names file, line and key.
 */
export async function loadObjectives(path: string | null): Promise<readonly Objective[]> {
  if (path === null) return OBJECTIVES;
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw new OzoneError("invalid_input", `OZONE_OBJECTIVES ${path} can't be read: ${messageOf(thrown)}.`);
  });
  if (text.length > FILE_BYTES_MAX) {
    throw new OzoneError(
      "invalid_input",
      `OZONE_OBJECTIVES ${path} is longer than ${FILE_BYTES_MAX} characters.`,
    );
  }
  return objectivesOf(path, text);
}

function objectivesOf(path: string, text: string): Objective[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  if (broken) throw wrong(path, lines.linePos(broken.pos[0]).line, broken.message.replace(/\.?$/, "."));
  try {
    return readObjectives(plainOf(document) ?? {});
  } catch (thrown) {
    if (!(thrown instanceof ObjectivesFileError)) throw thrown;
    const name = thrown.path.join(".");
    throw wrong(
      path,
      lineOf(document, lines, thrown.path),
      `${name === "" ? "" : `${name}: `}${thrown.message}`,
    );
  }
}

/** Only here aliases are followed, and one that leads nowhere is found. */
function plainOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch (thrown) {
    throw new ObjectivesFileError([], messageOf(thrown).replace(/\.?$/, "."));
  }
}

const wrong = (path: string, line: number, problem: string): OzoneError =>
  new OzoneError("invalid_input", `${path}, line ${line}: ${problem}`);

/** The line of the nearest thing on the way to the path. */
function lineOf(document: Document, lines: LineCounter, path: readonly string[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}
