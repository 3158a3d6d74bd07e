// The coordinator as one file, alone in an empty folder with the command line, against a real Postgres and NATS that are not its own.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { announce, takeTrialOrder } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./embedded/testing/stage.ts";
import { madeAnnouncement } from "./testing/made-sweep.ts";
import { openRealParts, type RealParts } from "./testing/real-parts.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const exec = promisify(execFile);
/** Proposes one trial, and is content. */
const STRATEGY = `export default { apiVersion: 1, name: "one", next: ({ default: base, observations }) => ({
  trials: observations.length > 0 ? [] : [{ config: base, purpose: "screen", reason: "the one" }],
}) };`;

let folder = "";
let program = "";
let parts: RealParts;
beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "ozone-one-file-")));
  program = join(folder, "alone", "ozone-coordinator.mjs");
  [parts] = await Promise.all([
    openRealParts(),
    exec(process.execPath, [`${ROOT}scripts/bundle-coordinator.mjs`, "--out", program]),
  ]);
  for (const part of ["bin", "dist", "package.json"])
    cpSync(`${ROOT}packages/cli/${part}`, join(folder, "alone/cli", part), { recursive: true });
});
afterAll(async () => {
  await parts.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Nothing of the test's environment but what is given: no NODE_PATH, no settings of a person's own Ozone. */
function start(env: Readonly<Record<string, string>>): { child: ChildProcess; said: () => string } {
  const { PATH = "", HOME = "" } = process.env;
  const child = spawn(process.execPath, [program], {
    cwd: join(folder, "alone"),
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
  return { child, said: () => text };
}

/** What the command line prints, from its folder beside the program. */
async function shown(env: Readonly<Record<string, string>>, words: readonly string[]): Promise<string> {
  const { PATH = "", HOME = "" } = process.env;
  const launcher = join(folder, "alone/cli/bin/ozone.js");
  const { stdout } = await exec(process.execPath, [launcher, ...words], { env: { PATH, HOME, ...env } });
  return stdout;
}

const ozone = async (env: Readonly<Record<string, string>>, words: readonly string[]) =>
  JSON.parse(await shown(env, [...words, "--json"])) as Record<string, unknown>;

describe("the coordinator as one file", () => {
  it("serves an empty Postgres and a NATS, asks a plug-in strategy in its thread, and stops in order", async () => {
    expect(readdirSync(join(folder, "alone"))).toEqual(["cli", "ozone-coordinator.mjs"]);
    const dataDir = join(folder, "data");
    const strategy = join(folder, "strategy.mjs");
    writeFileSync(strategy, STRATEGY);
    const settings = {
      OZONE_DATA_DIR: dataDir,
      OZONE_DATABASE_URL: await parts.newDatabase(),
      OZONE_NATS_URL: parts.natsUrl,
      OZONE_HTTP_ADDRESS: "127.0.0.1:0",
    };
    const { child, said } = start(settings);
    const runFile = join(dataDir, "run/coordinator.json");
    try {
      await eventually(said, (text) => text.includes("ready: gRPC") || child.exitCode !== null);
      expect(child.exitCode, said()).toBeNull();
      const { httpAddress } = JSON.parse(readFileSync(runFile, "utf8")) as { httpAddress: string };
      const ready = await (await fetch(`http://${httpAddress}/readyz`)).json();
      expect(ready).toMatchObject({ ready: true, postgres: "ok", schema: "ok", bus: "ok" });

      const { findings } = await ozone(settings, ["doctor"]);
      const runs = { subject: "coordinator", seen: `runs, process ${child.pid}` };
      expect(findings).toContainEqual(expect.objectContaining(runs));

      const reply = await announce(parts.bus, madeAnnouncement("m-1"));
      expect(reply.accepted).toBe(true);
      expect(await ozone(settings, ["machine", "list"])).toMatchObject({ machines: [{ id: "m-1" }] });
      const run = ["sweep", "run", "--strategy", strategy, "--num-ctx", "2048", "--detach"];
      const { sweep } = (await ozone(settings, run)) as { sweep: { id: string } };
      const wait = { waitMs: 20_000, signal: AbortSignal.timeout(30_000) };
      const taken = await takeTrialOrder(parts.bus, "m-1", wait);
      expect(taken?.order.machineId, said()).toBe("m-1");
      taken?.done();
      const { trials } = await ozone(settings, ["sweep", "show", sweep.id]);
      expect(trials).toContainEqual(expect.objectContaining({ reason: "the one" }));

      // Its NATS is not Ozone's: who decides about machines is told what is still to be done there.
      for (const act of ["revoke", "approve"])
        expect(await shown(settings, ["machine", act, "m-1"])).toContain("`ozone-coordinator bus-users`");
    } finally {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    }
    expect(child.exitCode, said()).toBe(0);
    expect(() => readFileSync(runFile)).toThrow(/ENOENT/);
    expect(readdirSync(join(folder, "alone"))).toEqual(["cli", "ozone-coordinator.mjs"]);
  });

  it("says in one sentence that it brings no Postgres", async () => {
    mkdirSync(join(folder, "without"));
    const { child, said } = start({ OZONE_DATA_DIR: join(folder, "without") });
    await once(child, "exit");
    expect(child.exitCode).toBe(1);
    expect(said().trimEnd().split("\n").at(-1)).toMatch(/brings no Postgres: set OZONE_DATABASE_URL/);
  });
});
