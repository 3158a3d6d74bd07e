// The files that the checks of deploy/ look at: those that git knows or would know.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ROOT } from "../run.mjs";

export { ROOT };

/** @returns {string[]} paths below a folder, from the root of the repository */
export function filesIn(folder) {
  const words = ["ls-files", "--cached", "--others", "--exclude-standard", folder];
  return execFileSync("git", words, { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
}

/** Source files without their tests. */
export const sourcesOf = (folder) =>
  filesIn(folder).filter((file) => /\.ts$/.test(file) && !/\.test\.ts$|\/testing\//.test(file));

/** The text of a file of the repository. */
export const textOf = (file) => readFileSync(ROOT + file, "utf8");
