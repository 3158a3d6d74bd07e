// Enforces the import rules on every source file. Tests may import what they test against.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { COORDINATOR_ROOMS, INDEPENDENT, ONLY_IN, PACKAGES, PURE_ROOMS } from "./import-rules.mjs";
import { ROOT } from "./run.mjs";

const IMPORT = /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|import\("([^"]+)"\)/g;
const IMPURE = /^node:(fs|net|http|https|child_process|dns|tls|os|timers|worker_threads)/;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => /^(packages|e2e|bench)\//.test(file));

const packageOf = (file) => (file.startsWith("packages/") ? file.split("/")[1] : file.split("/")[0]);
const isTest = (file) => /\.test\.ts$/.test(file) || /\/(test|testing)\//.test(file);
const roomOf = (file) => /^packages\/coordinator\/src\/([^/]+)\//.exec(file)?.[1];

/** Parts of shared that speak with the world outside. */
const IMPURE_SHARED = ["bus", "observing", "tracing"];

/** "@ozone/shared/bus" -> "shared/bus", "@ozone/shared/units" -> "shared". */
function ours(specifier) {
  const [, name, sub] = /^@ozone\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  return name === "shared" && IMPURE_SHARED.includes(sub) ? `shared/${sub}` : name;
}

function packageProblem(file, specifier) {
  const from = packageOf(file);
  const target = ours(specifier);
  const allowed = PACKAGES[from] ?? [];
  if (!target || target === from || allowed.includes("all")) return null;
  if (allowed.some((name) => name === target || name.startsWith(`${target} `))) return null;
  return `${from} may not import ${target}`;
}

function libraryProblem(file, specifier) {
  const name = specifier.startsWith("@")
    ? specifier.split("/").slice(0, 2).join("/")
    : specifier.split("/")[0];
  const [place, places] =
    Object.entries(ONLY_IN).find(([rule]) => name === rule || name.startsWith(`${rule}/`)) ?? [];
  return !places || places.some((place) => file.startsWith(place))
    ? null
    : `${place} may only be imported in ${places.join(", ")}`;
}

function roomProblem(file, specifier, typeOnly) {
  const room = roomOf(file);
  if (!room || !COORDINATOR_ROOMS[room]) return null;
  if (PURE_ROOMS.includes(room) && (IMPURE.test(specifier) || ours(specifier) === "shared/bus"))
    return `${room} is pure`;
  if (!specifier.startsWith(".")) return null;
  const target = roomOf(normalize(join(dirname(file), specifier)));
  if (target === room) return null;
  if (!target) return `${room} may not import files beside the rooms`;
  const allowed = COORDINATOR_ROOMS[room];
  if (allowed.includes(target) || (typeOnly && allowed.includes(`${target} (types)`))) return null;
  return `${room} may not import ${target}`;
}

function sharedProblem(file, specifier) {
  if (packageOf(file) !== "shared" || IMPURE_SHARED.some((part) => file.includes(`/src/${part}/`)))
    return null;
  return IMPURE.test(specifier) ? "shared is pure: no clock, network or disk" : null;
}

function independenceProblem(file, specifier) {
  const [place, allowed] = Object.entries(INDEPENDENT).find(([start]) => file.startsWith(start)) ?? [];
  const target = ours(specifier);
  return !place || !target || allowed.includes(target)
    ? null
    : `${place} is independent of ${target} and stays so`;
}

const problems = [];
for (const file of files.filter((name) => !isTest(name))) {
  const text = readFileSync(`${ROOT}${file}`, "utf8");
  for (const [, , typeOnly, fixed, dynamic] of text.matchAll(IMPORT)) {
    const specifier = fixed ?? dynamic;
    const found = [
      packageProblem(file, specifier),
      libraryProblem(file, specifier),
      roomProblem(file, specifier, Boolean(typeOnly)),
      sharedProblem(file, specifier),
      independenceProblem(file, specifier),
    ].filter(Boolean);
    for (const problem of found) problems.push(`${file}: "${specifier}": ${problem}`);
  }
}
if (problems.length > 0) {
  process.stdout.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
