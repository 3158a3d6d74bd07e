// The entry point of `ozone`: hands the typed words to oclif. It only wires; each command is a file below commands/.
// oclif finds the commands by importing this very file again (package.json, "oclif"), hence the exports, and hence no
// await at the top: that import would wait for itself.
import { fileURLToPath } from "node:url";
import { type Interfaces, run } from "@oclif/core";
import pjson from "../package.json" with { type: "json" };
import { reportError } from "./error-output.ts";
import { wantsVersion, writeVersion } from "./version-output.ts";

export { COMMANDS } from "./command-map.ts";
export { commandNotFound } from "./command-not-found.ts";

const words = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
// Help shows the name of the package; people know the program.
const manifest = { ...pjson, name: "ozone" } as Interfaces.PJSON;

if (wantsVersion(words)) writeVersion(words.includes("--json"));
else
  run(words, { root, pjson: manifest }).catch((thrown: unknown) =>
    reportError(thrown, words.includes("--json")),
  );
