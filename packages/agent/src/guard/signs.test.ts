// The signs of somebody's use, each from what the system shows of it.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RunTool } from "../machine/run-tool.ts";
import type { LoadedModel } from "../ollama/engine-state.ts";
import { desktopUsedAgoMs, readDesktopSessions, sessionsOf } from "./desktop-sessions.ts";
import { WorkMemory } from "./foreign-work.ts";
import { Surroundings } from "./look-around.ts";
import { ModelRequests } from "./model-requests.ts";
import { terminalUsedAgoMs } from "./terminals.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-signs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

/** A folder of device files, each used so many minutes ago. */
function devices(name: string, usedAgo: Record<string, number>): string {
  const root = join(folder, name);
  mkdirSync(join(root, "pts"), { recursive: true });
  for (const [file, minutes] of Object.entries(usedAgo)) {
    const usedAt = (NOW_MS - minutes * MINUTE_MS) / 1000;
    writeFileSync(join(root, file), "");
    utimesSync(join(root, file), usedAt, usedAt);
  }
  return root;
}

describe("typing in a terminal", () => {
  it("is seen at the terminal or console that was used last, and nowhere else", () => {
    const root = devices("two", { "pts/3": 12, tty2: 5, null: 0, "pts/ptmx": 0 });
    expect(terminalUsedAgoMs(NOW_MS, root)).toBe(5 * MINUTE_MS);
  });

  it("was never where there is no terminal, and is unknown where none can be seen", () => {
    expect(terminalUsedAgoMs(NOW_MS, devices("none", {}))).toBe(Number.POSITIVE_INFINITY);
    expect(terminalUsedAgoMs(NOW_MS, join(folder, "nowhere"))).toBeNull();
  });

  it("is not read out of the future, which a clock that was set back makes", () => {
    expect(terminalUsedAgoMs(NOW_MS, devices("ahead", { "pts/0": -600, "pts/1": 20 }))).toBe(20 * MINUTE_MS);
  });
});

/** A folder as logind keeps it, and what loginctl says of its sessions. */
function logind(name: string, files: Record<string, string>, said: string | null) {
  const sessions = join(folder, name);
  mkdirSync(sessions);
  for (const [id, text] of Object.entries(files)) writeFileSync(join(sessions, id), text);
  const asked: (readonly string[])[] = [];
  const run: RunTool = async (_command, args) => {
    asked.push(args);
    return said === null ? { ok: false, missing: true, reason: "" } : { ok: true, stdout: said };
  };
  return { sessions, asked, run };
}

const PERSON = "UID=1000\nCLASS=user\nTYPE=wayland\nSTATE=active\nTTY=tty2\n";
const GREETER = "UID=120\nCLASS=greeter\nTYPE=x11\nSTATE=online\n";
const OVER_SSH = "UID=1000\nCLASS=user\nTYPE=tty\nSTATE=active\nREMOTE=1\n";
const block = (idle: string, since: number, rest = "LockedHint=no\nActive=yes") =>
  `IdleHint=${idle}\nIdleSinceHint=${since}\n${rest}\n`;

describe("sitting at a desktop", () => {
  it("is asked of logind for people's sessions at a screen only", async () => {
    const { sessions, asked, run } = logind("asks", { 2: PERSON, c1: GREETER, 7: OVER_SSH }, block("no", 0));
    expect(await readDesktopSessions(run, sessions)).toHaveLength(1);
    expect(asked[0]?.slice(0, 3)).toEqual(["show-session", "2", "-p"]);
    const nobody = logind("nobody", { c1: GREETER }, null);
    expect(await readDesktopSessions(nobody.run, nobody.sessions)).toEqual([]);
    expect(nobody.asked).toEqual([]);
  });

  it("is now while the session is not idle, and was when it became so", () => {
    expect(desktopUsedAgoMs(sessionsOf(block("no", 0)), NOW_MS)).toBe(0);
    const idle = block("yes", (NOW_MS - 3 * MINUTE_MS) * 1_000);
    expect(desktopUsedAgoMs(sessionsOf(idle), NOW_MS)).toBe(3 * MINUTE_MS);
    expect(desktopUsedAgoMs(sessionsOf(`${idle}\n${block("no", 0)}`), NOW_MS)).toBe(0);
  });

  it("is nobody's behind a locked screen or in a session that is not shown", () => {
    const locked = block("no", 0, "LockedHint=yes\nActive=yes");
    const hidden = block("no", 0, "LockedHint=no\nActive=no");
    expect(desktopUsedAgoMs(sessionsOf(`${locked}\n${hidden}`), NOW_MS)).toBeNull();
  });

  it("counts as now where somebody is logged in and logind does not answer", async () => {
    const { sessions, run } = logind("mute", { 2: PERSON }, null);
    expect(desktopUsedAgoMs(await readDesktopSessions(run, sessions), NOW_MS)).toBe(0);
  });
});

const model = (name: string, expiresInMinutes: number): LoadedModel => ({
  name,
  digest: name,
  contextLength: 4096,
  sizeBytes: null,
  sizeVramBytes: null,
  expiresAtMs: NOW_MS + expiresInMinutes * MINUTE_MS,
  effective: null,
});
const FOR_EVER = 10 * 365 * 24 * 60;

describe("requests to the server by others", () => {
  const watched = (...first: LoadedModel[]) => {
    const requests = new ModelRequests();
    requests.see(first, NOW_MS);
    return { requests, see: (...loaded: LoadedModel[]) => requests.see(loaded, NOW_MS) };
  };

  it("are seen by a model that comes, or is kept longer than before", () => {
    const { see } = watched(model("a", FOR_EVER));
    expect(see(model("a", FOR_EVER))).toBe(false);
    expect(see(model("a", FOR_EVER), model("b", 5))).toBe(true);
    expect(see(model("a", FOR_EVER), model("b", 5))).toBe(false);
    expect(see(model("a", FOR_EVER), model("b", 6))).toBe(true);
    expect(see()).toBe(false);
  });

  it("were made shortly before the first look when a model is loaded that will go by itself", () => {
    expect(new ModelRequests().see([model("a", 4)], NOW_MS)).toBe(true);
    expect(new ModelRequests().see([model("a", FOR_EVER)], NOW_MS)).toBe(false);
  });

  it("are not those of our own trial, nor what it puts back", () => {
    const { requests, see } = watched(model("theirs", FOR_EVER));
    requests.trialBegins("ours:1b");
    expect(see(model("theirs", FOR_EVER), model("ours:1b", 10))).toBe(false);
    expect(see(model("ours:1b", 10))).toBe(false);
    expect(see(model("theirs", 5))).toBe(false);
    requests.trialEnds();
    expect(see(model("theirs", 6))).toBe(false);
  });

  it("can't be told from ours while a preset is applied", () => {
    const { requests, see } = watched();
    requests.trialBegins(null);
    expect(see(model("a", 10))).toBe(false);
    requests.trialEnds();
    expect(see(model("a", 10))).toBe(false);
    expect(see(model("a", 11))).toBe(true);
  });

  it("are seen during our trial too, on any other model", () => {
    const { requests, see } = watched();
    requests.trialBegins("ours:1b");
    expect(see(model("ours:1b", 10), model("theirs", 5))).toBe(true);
  });
});

describe("work of other programs", () => {
  it("counts from the second look in a row, and is said with its amount", () => {
    const memory = new WorkMemory(0.5);
    memory.see({ loadCores: 3, gpuShare: null }, 1);
    memory.see({ loadCores: 0.1, gpuShare: null }, 2);
    memory.see({ loadCores: 1.5, gpuShare: null }, 3);
    expect(memory.last).toBeNull();
    memory.see({ loadCores: 1.5, gpuShare: null }, 4);
    expect(memory.last).toEqual({ atMs: 4, detail: "other programs use 1.5 cores" });
    memory.see({ loadCores: null, gpuShare: 0.4 }, 5);
    expect(memory.last).toEqual({ atMs: 5, detail: "other programs use 40 % of a GPU" });
  });
});

describe("a machine that can't be seen", () => {
  const rule = { quietMs: MINUTE_MS, loadCores: null };
  const engineUrl = "http://127.0.0.1:9";

  it.each([
    ["darwin", engineUrl, /can't be seen on macOS/],
    ["win32", engineUrl, /can't be seen on Windows/],
    ["linux", "http://lab:11434", /on another host/],
  ])("says so instead of passing for a free one (%s, %s)", async (platform, url, words) => {
    const looked = await new Surroundings(rule, { engineUrl: url, platform }).look();
    expect(looked).toMatchObject({ signs: [], problem: expect.stringMatching(words) });
  });

  it("says so where terminals are hidden", async () => {
    const places = { engineUrl, platform: "linux", devRoot: join(folder, "nowhere") };
    expect((await new Surroundings(rule, places).look()).problem).toMatch(/\/dev\/pts can't be read/);
  });
});
