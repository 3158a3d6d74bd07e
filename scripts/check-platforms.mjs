// Can agent and command line be built for Linux, macOS and Windows, and do they load there as far as that shows here?
// A whole-file bundle of each is made with the platform fixed at build time; it fails for a module that does not exist
// there. The bundles are then loaded on this machine under the other platform's name: nothing may assume a system at
// import time. Nothing is claimed to run there. Every decision by platform has to go through onPlatform, whose type
// demands a branch for each system.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./run.mjs";

const PLATFORMS = ["linux", "darwin", "win32"];
const CHECKED = ["agent", "cli", "shared"];
/** A comparison of a platform by hand has no branch for the systems that it does not name. */
const BY_HAND =
  /\bplatform\b(?:\(\))?\s*[!=]==|[!=]==\s*(?:process\.)?platform\b|switch\s*\((?:process\.)?platform\b/;
const DOOR = "packages/shared/src/platform.ts";

/** Asked for by libraries inside a try, and done without where they are missing. */
const OPTIONAL = ["osx-temperature-sensor", "macos-temperature-sensor", "sqlite", "typescript", "ts-node"];

/** Everything of the agent, loaded at once: what is loaded on demand must not assume a system either. */
const PROGRAMS = {
  agent: [
    "main.ts",
    "start-agent.ts",
    "bench/run-bench.ts",
    "machine/identify.ts",
    "host-access.ts",
    "doctor/run-doctor.ts",
    "installing/run-install.ts",
    "installing/run-uninstall.ts",
    "config.ts",
  ],
  cli: ["main.ts"],
};

const problems = [...comparisons(), ...(await bundles())];
if (problems.length > 0) {
  process.stdout.write(`${problems.join("\n")}\n`);
  process.exit(1);
}

function comparisons() {
  const folders = CHECKED.map((name) => `packages/${name}/src/*.ts`);
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", ...folders];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\n").filter(Boolean);
  return files
    .filter((file) => !/\.test\.ts$/.test(file) && file !== DOOR)
    .flatMap((file) =>
      readFileSync(`${ROOT}${file}`, "utf8")
        .split("\n")
        .flatMap((line, at) => {
          const found = BY_HAND.test(line) || /\bplatform\b.*from "node:os"/.test(line);
          return found
            ? [`${file}:${at + 1}: decide by platform with onPlatform, which has a branch for each`]
            : [];
        }),
    );
}

async function bundles() {
  const folder = mkdtempSync(join(tmpdir(), "ozone-platforms-"));
  try {
    const jobs = Object.keys(PROGRAMS).flatMap((name) => PLATFORMS.map((platform) => ({ name, platform })));
    return (await Promise.all(jobs.map((job) => bundle(job, folder)))).flat();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle({ name, platform }, folder) {
  const outfile = join(folder, `${name}-${platform}.mjs`);
  const where = `${name} for ${platform}`;
  try {
    const { metafile } = await build({ ...optionsOf(name, platform), outfile });
    const problems = [...foreignPackages(metafile, platform), ...outsideModules(metafile)].map(
      (problem) => `${where}: ${problem}`,
    );
    return problems.length > 0 ? problems : load(outfile, where);
  } catch (failed) {
    return [`${where}: ${String(failed.message).split("\n").slice(0, 4).join(" ")}`];
  }
}

function optionsOf(name, platform) {
  const contents = PROGRAMS[name].map((file) => `import ${JSON.stringify(`./${file}`)};`).join("\n");
  return {
    stdin: { contents, resolveDir: `${ROOT}packages/${name}/src`, sourcefile: "everything.ts" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    metafile: true,
    define: { "process.platform": JSON.stringify(platform) },
    external: ["typescript", "ts-node"],
    logLevel: "silent",
    banner: {
      js: 'import{createRequire as __ozoneRequire}from"node:module";const require=__ozoneRequire(import.meta.url);const __dirname=import.meta.dirname,__filename=import.meta.filename;',
    },
  };
}

/** Packages whose own manifest says that they are not for this platform. */
function foreignPackages({ inputs }, platform) {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  return [...folders].flatMap((path) => {
    const { os } = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
    const fits =
      !os || os.includes(platform) || (os.some((one) => one.startsWith("!")) && !os.includes(`!${platform}`));
    return fits ? [] : [`${path} is only for ${os.join(", ")}`];
  });
}

/** What is left to be found at run time has to be part of Node. */
function outsideModules({ outputs }) {
  const allowed = new Set([...builtinModules, ...OPTIONAL]);
  const imports = Object.values(outputs).flatMap((output) => output.imports);
  const names = imports.filter(({ external }) => external).map(({ path }) => path.replace(/^node:/, ""));
  return [...new Set(names)]
    .filter((path) => !allowed.has(path))
    .map((path) => `${path} is not in the bundle`);
}

/** Loads the bundle and asks for its version: a crash at import time shows. */
function load(outfile, where) {
  try {
    const options = { encoding: "utf8", timeout: 20_000, cwd: dirname(outfile), stdio: "pipe" };
    const printed = execFileSync(process.execPath, [outfile, "--version"], options);
    return /\d+\.\d+\.\d+/.test(printed) ? [] : [`${where}: --version printed ${JSON.stringify(printed)}`];
  } catch (failed) {
    return [
      `${where}: can't be loaded: ${String(failed.stderr || failed.message)
        .trim()
        .split("\n")
        .slice(0, 6)
        .join(" | ")}`,
    ];
  }
}
