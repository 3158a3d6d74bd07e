// Names a module as a strategy for the coordinator of this data folder. The coordinator loads no module just because a
// client asks for it: that somebody may write its data folder is the proof that they are its own user.
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NAMED_STRATEGIES } from "@ozone/shared/data-folder";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { cannotWrite } from "./launch.ts";

function namedBefore(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw cannotWrite(path, thrown);
  }
}

/**
 * Writes the module down, once.
 * @throws OzoneError when the data folder can't be written, or the path has a line break in it.
 */
export function nameStrategy(folder: string, module: string): void {
  if (/[\r\n]/.test(module)) {
    throw new OzoneError("invalid_input", "The path of a strategy module must not contain line breaks.");
  }
  const path = join(folder, NAMED_STRATEGIES);
  if (namedBefore(path).includes(module)) return;
  try {
    mkdirSync(folder, { recursive: true });
    appendFileSync(path, `${module}\n`, { mode: 0o600 });
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}
