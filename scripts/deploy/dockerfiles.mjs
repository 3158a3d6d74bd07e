// Dockerfiles: by the linter of the language server for them, and what it does not know: no root, nothing from the net but
// what the lock file names.
import { existsSync } from "node:fs";
import { DockerfileParser } from "dockerfile-ast";
import { validate } from "dockerfile-utils";
import { filesIn, ROOT, textOf } from "./files.mjs";

const FETCHED = /\b(curl|wget|npm install|npx|apt-get)\b|https?:\/\/(?!127\.0\.0\.1)/;
const OURS = /\b(?:scripts|packages)\/[\w./-]+/g;
const isPinned = (image) => /:[^/]*[0-9]/.test(image ?? "");

function problemsOf(file) {
  const text = textOf(file);
  const recipe = DockerfileParser.parse(text);
  const instructions = recipe.getInstructions();
  const users = instructions.filter((one) => one.getKeyword() === "USER");
  const last = users.at(-1)?.getArgumentsContent() ?? "root";
  const images = recipe.getFROMs().map((from) => from.getImage());
  const fetched = instructions.filter((one) => FETCHED.test(one.getArgumentsContent() ?? ""));
  const paths = instructions.flatMap((one) => (one.getArgumentsContent() ?? "").match(OURS) ?? []);
  return [
    ...validate(text).map(({ message, range }) => `line ${range.start.line + 1}: ${message}`),
    ...(/^(root|0)\b/.test(last) ? ["it runs as root"] : []),
    ...images.filter((image) => !isPinned(image)).map((image) => `${image} is of no certain version`),
    ...fetched.map(
      (one) => `line ${one.getRange().start.line + 1} fetches something that no lock file names`,
    ),
    ...paths
      .filter((path) => !/\/dist$/.test(path) && !existsSync(ROOT + path))
      .map((path) => `${path} is not there`),
  ].map((problem) => `${file}: ${problem}`);
}

/** @returns {string[]} one sentence per problem */
export const dockerfileProblems = () => {
  const files = filesIn("deploy").filter((file) => /\.Dockerfile$/.test(file));
  return files.length > 0 ? files.flatMap(problemsOf) : ["deploy: there is no Dockerfile"];
};
