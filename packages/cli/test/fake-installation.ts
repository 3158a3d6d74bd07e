// The built command line installed beside stand-ins for the other programs, found the way Node finds packages.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { buildBundle, type Ran, runCli } from "./run-cli.ts";

const HERE = dirname(fileURLToPath(import.meta.url));

/** A folder with everything that `ozone up` needs, and a data folder of its own. */
export interface FakeInstallation {
  readonly data: string;
  ozone(
    words: readonly string[],
    options?: { env?: Record<string, string>; interruptAfter?: RegExp },
  ): Promise<Ran>;
  /** A run file's content, or null. */
  runFile(which: "coordinator" | "engine" | "agent"): { pid: number; [key: string]: unknown } | null;
  /** Stops everything and removes the folder. */
  remove(): Promise<void>;
}

const RUN_FILES = {
  coordinator: "run/coordinator.json",
  engine: "run/engine.json",
  agent: "agent/run/agent.json",
};

/** Builds the programs into a new folder. */
export async function installFakes(): Promise<FakeInstallation> {
  await buildBundle();
  const root = mkdtempSync(join(tmpdir(), "ozone-up-"));
  const data = join(root, "data");
  const cli = join(root, "cli");
  for (const part of ["bin", "dist", "package.json"])
    cpSync(join(HERE, "..", part), join(cli, part), { recursive: true });
  const programs = join(root, "fake-programs.cjs");
  await build({
    entryPoints: [join(HERE, "fake-programs.ts")],
    outfile: programs,
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  for (const name of ["coordinator", "engine", "agent"]) {
    const folder = join(root, "node_modules", "@ozone", name);
    mkdirSync(join(folder, "bin"), { recursive: true });
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: `@ozone/${name}`, bin: { [`ozone-${name}`]: `bin/ozone-${name}.cjs` } }),
    );
    cpSync(programs, join(folder, "bin", `ozone-${name}.cjs`));
  }
  const ozone: FakeInstallation["ozone"] = (words, options = {}) =>
    runCli(words, {
      ...options,
      launcher: join(cli, "bin", "ozone.js"),
      cwd: root,
      env: { ...options.env, OZONE_DATA_DIR: data },
    });
  return {
    data,
    ozone,
    runFile(which) {
      try {
        return JSON.parse(readFileSync(join(data, RUN_FILES[which]), "utf8"));
      } catch {
        return null; // not there
      }
    },
    async remove() {
      await ozone(["down"]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
