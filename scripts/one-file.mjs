// Makes one file of a program that runs with Node alone.
import { chmodSync, mkdirSync, renameSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./run.mjs";

/**
 * Writes dist/ozone-NAME.mjs, or to another place with --out FILE, and says where.
 * @param {string} name agent or coordinator
 * @param {readonly string[]} missing modules that its libraries ask for inside a try, and do without
 */
export async function bundleOneFile(name, missing) {
  const asked = process.argv.indexOf("--out");
  const outfile = asked > 0 ? resolve(process.argv[asked + 1]) : `${ROOT}dist/ozone-${name}.mjs`;
  const draft = `${outfile}.${process.pid}.draft.mjs`;
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    entryPoints: [`${ROOT}packages/${name}/src/main.ts`],
    outfile: draft,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    minify: true,
    keepNames: true,
    legalComments: "none",
    logLevel: "warning",
    // The program knows by this that it is one file.
    define: { "process.env.OZONE_ONE_FILE": '"1"' },
    external: [...missing],
    // Some bundled libraries are CommonJS and call require() at run time.
    banner: {
      js: '#!/usr/bin/env node\nimport{createRequire as __ozoneRequire}from"node:module";const require=__ozoneRequire(import.meta.url);const __dirname=import.meta.dirname,__filename=import.meta.filename;',
    },
  });
  chmodSync(draft, 0o755);
  renameSync(draft, outfile);
  process.stdout.write(`${outfile}\n`);
}
