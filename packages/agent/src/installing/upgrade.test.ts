// Upgrading an installed agent: on a root of our own with a scripted systemd, whose agents are as well as their bundle says.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { healthOf, isEnough } from "./health.ts";
import { digestOf } from "./install-record.ts";
import { runInstall } from "./run-install.ts";
import { runUpgrade } from "./run-upgrade.ts";
import { keepBefore } from "./upgrade-note.ts";

const [OLD, NEW] = ["// old\n// heard\n", "// new\n// heard\n"];

let folder = "";
let root = "";
let said: string[] = [];
/** Dies when so many lines were said, as a kill would end it there. */
let diesAfter = Number.POSITIVE_INFINITY;

beforeEach(async () => {
  [said, diesAfter] = [[], Number.POSITIVE_INFINITY];
  folder = mkdtempSync(join(tmpdir(), "ozone-upgrade-agent-"));
  root = join(folder, "root");
  for (const path of [
    "bin",
    "root/etc/systemd/system",
    "root/opt",
    "root/var/lib/ozone/agent/run",
    "root/proc",
  ])
    mkdirSync(join(folder, path), { recursive: true });
  tool("systemctl", SYSTEMD);
  for (const name of ["useradd", "chown"]) tool(name, "true");
  tool("id", "/usr/bin/id -u");
  tool("getent", "true");
  tool("node", `grep -q "syntax error" "$1" && { echo "SyntaxError" >&2; exit 1; }; echo 0.2.0`);
  writeFileSync(join(folder, "old.mjs"), OLD);
  await runInstall([], { ...ports(), bundle: join(folder, "old.mjs"), node: "/usr/bin/node" });
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A start counts process ids up; what the bundle says of itself decides how far its agent gets. */
const SYSTEMD = `
cd "$(dirname "$0")/.."; program=root/opt/ozone/ozone-agent.mjs; run=root/var/lib/ozone/agent/run/agent.json
case "$1" in
  --version) echo "systemd 252 (252.1)";;
  restart|start) pid=$(( $(cat pid 2>/dev/null || echo 100) + 1 )); echo $pid > pid; rm -f $run; echo "$*" >> calls
    grep -q "ends at once" $program && { echo failed > state; exit 0; }; echo active > state
    grep -q "heard" $program && echo '{"pid":'$pid',"machineId":"m","engineUrl":"","heard":{"problem":""}}' > $run
    grep -q "too old" $program && echo '{"pid":'$pid',"machineId":"m","engineUrl":"","heard":{"problem":"no orders"}}' > $run; true;;
  is-active) cat state;;
  show) cat pid;;
esac`;

function tool(name: string, text: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

const ports = () => ({
  host: { root, env: { PATH: `${folder}/bin:/usr/bin:/bin` } },
  node: join(folder, "bin/node"),
  lookEveryMs: 5,
  say: (line: string) => {
    said.push(line);
    if (said.length >= diesAfter) throw new Error("killed");
  },
  lockHost: async () => ({ release: async () => undefined }),
});

function upgrade(content: string, more: readonly string[] = [], other: object = {}): Promise<void> {
  const bundle = join(folder, "new.mjs");
  writeFileSync(bundle, content);
  const words = [bundle, "--sha256", digestOf(content), "--health", "300ms", ...more];
  return runUpgrade(words, { ...ports(), ...other });
}

const place = join("opt", "ozone");
const program = (): string => readFileSync(join(root, place, "ozone-agent.mjs"), "utf8");
const recorded = (): string => {
  const text = readFileSync(join(root, place, "installed.json"), "utf8");
  return (JSON.parse(text) as { files: Record<string, string> }).files["/opt/ozone/ozone-agent.mjs"] ?? "";
};
/** The program is one of both, whole, the record names it, and nothing else of an upgrade lies about. */
function expectSettled(content: string): void {
  expect([program(), recorded()]).toEqual([content, digestOf(content)]);
  expect(readdirSync(join(root, place)).sort()).toEqual(["installed.json", "ozone-agent.mjs"]);
}

describe("ozone-agent upgrade", () => {
  it("puts a verified bundle in place, restarts the unit, and ends when the new agent is heard", async () => {
    await upgrade(NEW);
    expectSettled(NEW);
    expect(said.at(-1)).toBe("the new agent is as well as the one before it: heard");
    await upgrade(NEW);
    expect(said.at(-1)).toBe("nothing to do: this bundle is installed already");
  });

  it.each([
    ["ends at once", "// ends at once", /got no further than down/],
    ["never reaches the bus", "// silent", /got no further than running/],
    ["is given no orders, being too old", "// too old", /got no further than on the bus/],
  ])("takes a bundle back that %s", async (_what, content, because) => {
    await expect(upgrade(content)).rejects.toThrow(because);
    expectSettled(OLD);
    expect(readFileSync(join(folder, "state"), "utf8").trim()).toBe("active");
  });

  it("changes nothing for another digest, a bundle that can't start, and a program that a person changed", async () => {
    writeFileSync(join(folder, "other.mjs"), NEW);
    await expect(runUpgrade([join(folder, "other.mjs"), "--sha256", digestOf("x")], ports())).rejects.toThrow(
      /is not the bundle that was meant: its SHA-256 is/,
    );
    await expect(upgrade("syntax error")).rejects.toThrow(/SyntaxError/);
    expectSettled(OLD);
    writeFileSync(join(root, place, "ozone-agent.mjs"), "// mine");
    await expect(upgrade(NEW)).rejects.toThrow(/is not what was installed/);
    expect(program()).toBe("// mine");
  });

  it("takes the bundle from a server in the lab by its digest, and nothing that is another, too large or not there", async () => {
    const sent: Record<string, string | Buffer> = {
      "/new.mjs": NEW,
      "/large.mjs": Buffer.alloc(65 * 1024 * 1024),
    };
    const server = createServer(({ url = "" }, response) => {
      const body = sent[url];
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const from = (path: string) =>
      runUpgrade([`${at}${path}`, "--sha256", digestOf(NEW), "--health", "300ms"], ports());
    try {
      await expect(from("/none.mjs")).rejects.toThrow(/none\.mjs can't be read: the server said 404\.$/);
      await expect(from("/large.mjs")).rejects.toThrow(/large\.mjs is larger than 64 MiB/);
      sent["/other.mjs"] = `${NEW} `;
      await expect(from("/other.mjs")).rejects.toThrow(/is not the bundle that was meant/);
      expectSettled(OLD);
      await from("/new.mjs");
      expectSettled(NEW);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await expect(from("/new.mjs")).rejects.toThrow(/new\.mjs can't be read: .*ECONNREFUSED/);
  });

  it("waits for the trial that runs, and gives up with nothing changed; --now does not wait", async () => {
    const lockHost = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await expect(upgrade(NEW, ["--wait", "20ms"], { lockHost })).rejects.toThrow(
      /A trial still runs; nothing was/,
    );
    expectSettled(OLD);
    await upgrade(NEW, ["--now"], { lockHost });
    expectSettled(NEW);
  });

  it("leaves the old program or the new one when it is killed at any step, and the next run settles it", async () => {
    for (let step = 1; ; step += 1) {
      [said, diesAfter] = [[], step];
      const ended = await upgrade(NEW).then(
        () => "done",
        () => "killed",
      );
      expect([OLD, NEW]).toContain(program());
      if (ended === "done") break;
      [said, diesAfter] = [[], Number.POSITIVE_INFINITY];
      const install = { ...ports(), bundle: join(folder, "old.mjs"), node: "/usr/bin/node" };
      await runInstall([], install);
      expectSettled(OLD);
      expect(step).toBeLessThan(20);
    }
    expectSettled(NEW);
    expect(existsSync(join(folder, "calls"))).toBe(true);
  });
});

describe("an upgrade that was killed between the program and its record", () => {
  it("is taken back by the next one, which then goes on", async () => {
    const host = { ...ports().host, staged: false };
    await keepBefore(host, "/opt/ozone", Buffer.from(OLD));
    writeFileSync(join(root, place, "ozone-agent.mjs"), "// another\n// heard\n");
    await upgrade(NEW);
    expect(said[0]).toBe("an upgrade was interrupted here: the program of before is in place again");
    expectSettled(NEW);
  });

  it("stops everything where what was kept is not what was noted: nothing is put back by guess", async () => {
    const host = { ...ports().host, staged: false };
    await keepBefore(host, "/opt/ozone", Buffer.from(OLD));
    writeFileSync(join(root, place, "ozone-agent.before.mjs"), "// torn");
    await expect(upgrade(NEW)).rejects.toThrow(/is not the program that .* names/);
    expect(program()).toBe(OLD);
  });
});

describe("how well an agent is", () => {
  const run = { pid: 7, machineId: "m", engineUrl: "" };
  it("is judged by systemd, by whose run file it is, and by what the coordinator said", () => {
    expect(healthOf({ isActive: false, pid: 7, run })).toBe("down");
    expect(healthOf({ isActive: true, pid: 7, run: null })).toBe("running");
    expect(healthOf({ isActive: true, pid: 8, run })).toBe("running");
    expect(healthOf({ isActive: true, pid: 7, run })).toBe("on the bus");
    expect(healthOf({ isActive: true, pid: 7, run: { ...run, heard: { problem: "x" } } })).toBe("on the bus");
    expect(healthOf({ isActive: true, pid: 7, run: { ...run, heard: { problem: "" } } })).toBe("heard");
  });

  it("is enough where it is not less than before, and runs", () => {
    expect(isEnough("running", "down")).toBe(true);
    expect(isEnough("down", "down")).toBe(false);
    expect(isEnough("on the bus", "heard")).toBe(false);
    expect(isEnough("heard", "on the bus")).toBe(true);
  });
});
