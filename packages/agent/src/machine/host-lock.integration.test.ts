// The host lock between real processes: each contender is a child that runs the bundled lock and talks over IPC.
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { acquireHostLock } from "./host-lock.ts";
import type { Endpoint } from "./host-lock-endpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-lock-"));
const program = join(folder, "contender.mjs");
const children = new Set<ChildProcess>();

// Commands: "acquire", "release", "spawn" (a child of its own, which inherits what it can), and "rounds N", which takes
// the lock N times and proves with an exclusive file that nobody else is inside meanwhile.
const CONTENDER = `
import { spawn } from "node:child_process";
import { openSync, closeSync, rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { acquireHostLock } from "./host-lock.ts";
const options = { ...JSON.parse(process.argv[2]), onWait: () => process.send("waiting") };
const inside = process.argv[3];
let lock;
process.on("message", async (message) => {
  const [command, count] = message.split(" ");
  if (command === "acquire") { lock = await acquireHostLock(options); process.send("held"); }
  if (command === "release") { await lock.release(); process.send("released"); }
  if (command === "spawn") process.send("spawned " + spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]).pid);
  if (command === "rounds") {
    for (let round = 0; round < Number(count); round++) {
      const held = await acquireHostLock(options);
      try { closeSync(openSync(inside, "wx")); } catch { process.send("overlap"); }
      await delay(5);
      rmSync(inside, { force: true });
      await held.release();
    }
    process.send("finished");
  }
});
process.send("ready");
`;

class Contender {
  readonly said: string[] = [];
  readonly child: ChildProcess;

  constructor(endpoint: Endpoint, name: string) {
    this.child = fork(program, [JSON.stringify({ endpoint }), join(folder, `${name}.inside`)]);
    children.add(this.child);
    this.child.on("message", (message) => this.said.push(String(message)));
  }

  tell(command: string): void {
    this.child.send(command);
  }

  /** Waits until the child has said `word` `times` times. */
  async says(word: string, times = 1, limitMs = 20_000): Promise<string> {
    const isIt = (message: string) => message.startsWith(word);
    const deadline = performance.now() + limitMs;
    while (this.said.filter(isIt).length < times) {
      if (performance.now() > deadline)
        throw new Error(`waited for "${word}"; it said ${JSON.stringify(this.said)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.said.findLast(isIt) ?? "";
  }
}

async function contender(endpoint: Endpoint, name: string): Promise<Contender> {
  const one = new Contender(endpoint, name);
  await one.says("ready");
  return one;
}

beforeAll(async () => {
  await build({
    stdin: { contents: CONTENDER, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
  children.clear();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let serial = 0;
function endpointOfKind(kind: Endpoint["kind"]): { endpoint: Endpoint; name: string } {
  const name = `ozone-test-${process.pid}-${serial++}`;
  const paths = { abstract: `\0${name}`, pipe: `\\\\.\\pipe\\${name}`, file: join(folder, `${name}.sock`) };
  return { endpoint: { kind, path: paths[kind] }, name };
}

const kinds: Endpoint["kind"][] =
  process.platform === "win32" ? ["pipe"] : process.platform === "linux" ? ["abstract", "file"] : ["file"];

describe.each(kinds)("a host lock on an endpoint of kind %s", (kind) => {
  it("is never held by two of five processes that fight for it, and each gets its turns", async () => {
    const { endpoint, name } = endpointOfKind(kind);
    const five = await Promise.all(Array.from({ length: 5 }, () => contender(endpoint, name)));
    for (const one of five) one.tell("rounds 6");
    await Promise.all(five.map((one) => one.says("finished", 1, 60_000)));
    expect(five.flatMap((one) => one.said)).not.toContain("overlap");
  });

  it("goes to a waiter when its holder is killed, even if a child of the holder lives on", async () => {
    const { endpoint, name } = endpointOfKind(kind);
    const [holder, waiter] = [await contender(endpoint, name), await contender(endpoint, name)];
    holder.tell("acquire");
    await holder.says("held");
    holder.tell("spawn");
    const orphan = Number((await holder.says("spawned")).split(" ")[1]);
    waiter.tell("acquire");
    await waiter.says("waiting");
    expect(waiter.said).not.toContain("held");
    holder.child.kill("SIGKILL");
    await waiter.says("held");
    process.kill(orphan, "SIGKILL"); // its parent is gone; it was started by this test
  });

  it("goes to those who wait, in the order of their coming, before its last holder gets it again", async () => {
    const { endpoint, name } = endpointOfKind(kind);
    const [holder, second, third] = [
      await contender(endpoint, name),
      await contender(endpoint, name),
      await contender(endpoint, name),
    ];
    holder.tell("acquire");
    await holder.says("held");
    for (const one of [second, third]) {
      one.tell("acquire");
      await one.says("waiting");
      await new Promise((resolve) => setTimeout(resolve, 100)); // the one thing without a sign: its connection queued
    }
    holder.tell("release");
    holder.tell("acquire");
    await second.says("held");
    expect(third.said).not.toContain("held");
    expect(holder.said.filter((word) => word === "held")).toHaveLength(1);
    second.tell("release");
    await third.says("held");
    expect(holder.said.filter((word) => word === "held")).toHaveLength(1);
    third.tell("release");
    await holder.says("held", 2);
  });

  it("is given up by a waiter whose signal aborts, and free for the next after that", async () => {
    const { endpoint } = endpointOfKind(kind);
    const held = await acquireHostLock({ endpoint });
    const stop = new AbortController();
    const onWait = () => stop.abort(new Error("drained"));
    await expect(acquireHostLock({ endpoint, signal: stop.signal, onWait })).rejects.toThrow("drained");
    await held.release();
    await held.release(); // a second time does nothing
    const next = await acquireHostLock({ endpoint });
    await next.release();
  });
});

describe.runIf(process.platform !== "win32")("a lock file's left-overs", () => {
  it("do not keep anybody out: neither a dead socket nor the claim of a process that died", async () => {
    const { endpoint, name } = endpointOfKind("file");
    const victim = await contender(endpoint, name);
    victim.tell("acquire");
    await victim.says("held");
    const gone = new Promise((resolve) => victim.child.once("exit", resolve));
    victim.child.kill("SIGKILL");
    await gone;
    expect(existsSync(endpoint.path)).toBe(true);
    writeFileSync(`${endpoint.path}.claim`, String(victim.child.pid));
    const lock = await acquireHostLock({ endpoint });
    await lock.release();
    expect(existsSync(`${endpoint.path}.claim`)).toBe(false);
  });

  it("are reported when they belong to a folder that can't be written", async () => {
    const endpoint: Endpoint = { kind: "file", path: join(folder, "absent", "x.sock") };
    await expect(acquireHostLock({ endpoint })).rejects.toThrow("host lock");
  });
});
