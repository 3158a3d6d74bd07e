// Bundles parent.ts and runs it from a folder of its own, which holds the bundle and a copy of the Postgres package
// as npm leaves it: without links, and not writable for other users.
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, cp, mkdir, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packageName } from "../postgres-binaries.ts";
import type { ParentReport } from "./parent.ts";

/** A running parent and what it said. */
export interface Parent {
  child: ChildProcess;
  report: ParentReport;
  /** Ends its standard input, so that it stops its servers; resolves to its exit status. */
  finish(): Promise<number | null>;
  /** SIGKILL; its servers stay. */
  kill(): Promise<void>;
}

/** Makes FOLDER/parent.mjs and FOLDER/node_modules; returns the script's path. */
export async function bundleParent(folder: string): Promise<string> {
  const name = packageName(process.platform, process.arch);
  const source = await realpath(dirname(dirname(createRequire(import.meta.url).resolve(name))));
  const target = join(folder, "node_modules", name);
  await mkdir(dirname(target), { recursive: true });
  const isLink = (path: string): boolean => /\.so(\.\d+)?$/.test(path) && !/\.so\.1$/.test(path);
  await cp(source, target, {
    recursive: true,
    filter: (path) => !isLink(path) || path.includes("/postgresql/"),
  });
  const outfile = join(folder, "parent.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./parent.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["pg-native"],
    banner: {
      js: 'import { createRequire as bundleRequire } from "node:module";const require = bundleRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  // Readable for the other users of these tests, whatever the umask is.
  await chmod(outfile, 0o644);
  for (const at of [join(folder, "node_modules"), dirname(target), target]) await chmod(at, 0o755);
  return outfile;
}

/** Runs the script until its servers are up. */
export async function runParent(
  script: string,
  args: readonly string[],
  account: { uid: number; gid: number } | null = null,
): Promise<Parent> {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    cwd: dirname(script),
    ...(account ?? {}),
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints += chunk.toString("utf8");
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const line = await Promise.race([firstLine(child), exit]);
  if (typeof line !== "string") throw new Error(`The parent ended with status ${line}:\n${complaints}`);
  const report: ParentReport = JSON.parse(line);
  const finish = (): Promise<number | null> => {
    child.stdin.end();
    return exit;
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exit;
  };
  return { child, report, finish, kill };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (child.stdout !== null) createInterface({ input: child.stdout }).once("line", resolve);
  });
}
