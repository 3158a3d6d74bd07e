// Do the documents tell the truth? Every path in backticks exists, every relative link leads somewhere, the table of
// imports is the one that is enforced, every check and failure class is documented.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PACKAGES } from "./import-rules.mjs";
import { ROOT } from "./run.mjs";

const read = (file) => readFileSync(`${ROOT}${file}`, "utf8");
const markdown = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].concat(
  readdirSync(`${ROOT}docs`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
);
const problems = [];

const PATH = /`((?:packages|proto|docs|scripts|e2e|bench|deploy)\/[A-Za-z0-9._/-]+)`/g;
const LINK = /\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g;
for (const file of markdown) {
  const text = read(file);
  for (const [, path] of text.matchAll(PATH)) {
    if (!existsSync(`${ROOT}${path}`)) problems.push(`${file}: \`${path}\` does not exist`);
  }
  for (const [, target] of text.matchAll(LINK)) {
    if (!existsSync(join(ROOT, dirname(file), target)))
      problems.push(`${file}: the link to ${target} leads nowhere`);
  }
}

const architecture = read("docs/architecture.md");
for (const [name, allowed] of Object.entries(PACKAGES)) {
  const words = allowed.length > 0 ? allowed.join(", ") : name === "engine" ? "nothing of ours" : "nothing";
  if (!architecture.includes(`| ${name} | ${words} |`)) {
    problems.push(`docs/architecture.md: the row of ${name} should say "${words}"`);
  }
}

const keysOf = (file) => [...read(file).matchAll(/^ {2}([a-z_0-9]+):\s/gm)].map(([, key]) => key);
const metrics = read("docs/metrics.md");
for (const code of keysOf("packages/shared/src/check-codes.ts")) {
  if (!metrics.includes(`\`${code}\``)) problems.push(`docs/metrics.md: the check \`${code}\` is missing`);
}

const README_LINES_MAX = 75;
const lines = read("README.md").split("\n").length;
if (lines > README_LINES_MAX)
  problems.push(`README.md: ${lines} lines, one screen has at most ${README_LINES_MAX}`);

if (problems.length > 0) {
  process.stdout.write(`${problems.join("\n")}\n`);
  process.exit(1);
}
