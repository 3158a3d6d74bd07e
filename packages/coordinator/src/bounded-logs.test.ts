// Logs that grow too large while their programs have them open.
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startBoundingLogs } from "./bounded-logs.ts";

const LIMIT_BYTES = 10 * 1024 * 1024;
let dataDir: string;
let folder: string;
let said: string[];
let stop: (() => Promise<void>) | null;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "ozone-logs-"));
  folder = join(dataDir, "logs");
  mkdirSync(folder);
  said = [];
  stop = null;
});
afterEach(async () => {
  await stop?.();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Its first look; it has ended when the task has. */
async function look(): Promise<void> {
  stop = startBoundingLogs(dataDir, (sentence) => said.push(sentence));
  await stop();
}

it.each(["logs/agent.log", "logs/coordinator.log", "logs/engine.log", "postgres.log"])(
  "sets %s aside while its program goes on writing to it",
  async (name) => {
    const path = join(dataDir, name);
    const descriptor = openSync(path, "a", 0o600);
    writeSync(descriptor, `first\n${"x".repeat(LIMIT_BYTES)}\nlast\n`);
    await look();
    writeSync(descriptor, "next\n");
    closeSync(descriptor);
    expect(readFileSync(path, "utf8")).toBe("next\n");
    const older = readFileSync(`${path}.1`, "utf8");
    expect([older.startsWith("first\n"), older.endsWith("\nlast\n")]).toEqual([true, true]);
    expect([said, statSync(`${path}.1`).mode & 0o777]).toEqual([[], 0o600]);
  },
);

it("keeps one older log, and leaves small ones, other files and what a link points to alone", async () => {
  const elsewhere = join(dataDir, "elsewhere");
  for (const path of [elsewhere, join(folder, "other.txt"), join(folder, "agent.log")])
    writeFileSync(path, "x".repeat(LIMIT_BYTES + 1));
  symlinkSync(elsewhere, join(folder, "linked.log"));
  writeFileSync(join(folder, "engine.log"), "small\n");
  writeFileSync(join(folder, "agent.log.1"), "older\n");
  await look();
  expect(readdirSync(folder).sort()).toEqual([
    "agent.log",
    "agent.log.1",
    "engine.log",
    "linked.log",
    "other.txt",
  ]);
  expect(statSync(join(folder, "agent.log.1")).size).toBe(LIMIT_BYTES + 1);
  expect(statSync(elsewhere).size).toBe(LIMIT_BYTES + 1);
});

it("says which log it can't set aside, and sets the others aside", async () => {
  for (const name of ["agent.log", "engine.log"])
    appendFileSync(join(folder, name), "x".repeat(LIMIT_BYTES + 1));
  mkdirSync(join(folder, "agent.log.1"));
  await look();
  expect(said).toEqual([expect.stringMatching(/agent\.log can't be kept small \(EISDIR/)]);
  expect(statSync(join(folder, "agent.log")).size).toBe(LIMIT_BYTES + 1);
  expect(statSync(join(folder, "engine.log")).size).toBe(0);
  expect(readdirSync(folder)).not.toContain("agent.log.1.draft");
});

it("is content with a data folder in which nobody keeps logs", async () => {
  rmSync(folder, { recursive: true });
  await look();
  expect(said).toEqual([]);
});
