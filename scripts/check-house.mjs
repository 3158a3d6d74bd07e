// House rules that no linter knows: file sizes, forbidden drawers, shortcuts, one version everywhere.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { ROOT } from "./run.mjs";

const SOURCE_LINES_MAX = 300;
const TEST_LINES_MAX = 400;
const DRAWERS = /(^|\/)(utils|common|core|helpers|manager|misc)(\/|\.ts$)/;
const GENERATED = /(^|\/)(gen|migrations|fixtures)\//;
const SHORTCUTS = [
  /@ts-(ignore|nocheck|expect-error)/,
  /\bas any\b/,
  /\.(skip|only|todo)\(/,
  /\b(TOD[O]|FIXM[E]|XX[X])\b/,
];

const list = ["ls-files", "--cached", "--others", "--exclude-standard"];
const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
const read = (file) => {
  try {
    return readFileSync(`${ROOT}${file}`, "utf8");
  } catch {
    return ""; // Deleted in the working tree, not yet in git.
  }
};
const problems = files.filter((file) => DRAWERS.test(file)).map((file) => `${file}: a drawer, not a room`);

const selfDescribing = new Set(["scripts/check-house.mjs"]);
for (const file of files.filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !GENERATED.test(name))) {
  const text = read(file);
  const lines = text.split("\n").length - 1;
  const limit = /\.test\.ts$/.test(file) ? TEST_LINES_MAX : SOURCE_LINES_MAX;
  if (lines > limit) problems.push(`${file}: ${lines} lines, at most ${limit}`);
  if (selfDescribing.has(file)) continue;
  for (const shortcut of SHORTCUTS) {
    if (shortcut.test(text)) problems.push(`${file}: ${String(shortcut)} is not allowed`);
  }
}

const version = JSON.parse(read("package.json")).version;
if (!read("packages/shared/src/version.ts").includes(`"${version}"`)) {
  problems.push(`packages/shared/src/version.ts does not say ${version} as package.json does`);
}
for (const file of files.filter((name) => /(^|\/)package\.json$/.test(name))) {
  const manifest = JSON.parse(read(file));
  if (manifest.version !== version)
    problems.push(`${file}: version ${manifest.version}, the repository has ${version}`);
}
if (problems.length > 0) {
  process.stdout.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
