// The journal over restarts, tears, damage and years of work.
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "./journal.ts";

const FILE_BYTES = 8 * 1024 * 1024;
const payload = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
let folder: string;
let path: string;
let problems: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-journal-"));
  path = join(folder, "journal.jsonl");
  problems = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const open = () => openJournal(folder, (problem) => problems.push(problem));
const lineOf = (attempt: string) => JSON.stringify({ event: "finished", attempt });
/** As many lines as fill a file. */
const fill = () => appendFile(path, `${lineOf("old/1").padEnd(1_023)}\n`.repeat(FILE_BYTES / 1_024 + 1));

describe("the journal", () => {
  it("remembers over a restart which attempts were finished", async () => {
    await (await open()).finished("t-1", 2, payload);
    const again = await open();
    expect(again.isFinished("t-1", 2)).toBe(true);
    expect(again.isFinished("t-1", 1)).toBe(false);
  });

  it("survives a torn last line", async () => {
    await (await open()).finished("t-1", 1, payload);
    await writeFile(path, `${await readFile(path, "utf8")}{"event":"fin`);
    const again = await open();
    expect(again.isFinished("t-1", 1)).toBe(true);
    expect(problems).toEqual([]);
  });

  it("writes the next line after a torn one, not onto it: it is remembered over the next restart", async () => {
    await writeFile(path, '{"event":"fin');
    const torn = await open();
    await torn.finished("t-1", 1, payload);
    await torn.finished("t-2", 1, payload);
    const again = await open();
    expect([again.isFinished("t-1", 1), again.isFinished("t-2", 1)]).toEqual([true, true]);
    expect(problems).toEqual([]);
  });

  it("notes the digest of the bytes, so that anyone can compare them with what was stored", async () => {
    await (await open()).finished("t-1", 1, payload);
    const [line = ""] = (await readFile(path, "utf8")).split("\n");
    expect(JSON.parse(line)).toMatchObject({
      event: "finished",
      attempt: "t-1/1",
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });
});

describe("a journal with damage that no crash leaves", () => {
  it("says once how many lines it passed over, and knows the others", async () => {
    const lines = [lineOf("t-1/1"), lineOf("t-2/1").replace('"finished"', "finished"), "{}", "\0\0\0"];
    await writeFile(path, `${[...lines, lineOf("t-3/1")].join("\n")}\n`);
    const journal = await open();
    expect([1, 2, 3].map((number) => journal.isFinished(`t-${number}`, 1))).toEqual([true, false, true]);
    expect(problems).toEqual([expect.stringContaining("journal.jsonl has damaged lines (3)")]);
  });

  it("is kept under another name when it can't be read at all, and a new one is begun", async () => {
    await mkdir(path);
    await (await open()).finished("t-1", 1, payload);
    expect(problems).toEqual([expect.stringMatching(/can't be read .* it was moved to .*\.unreadable/)]);
    expect((await open()).isFinished("t-1", 1)).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(["journal.jsonl", "journal.jsonl.unreadable"]);
  });
});

describe("a journal that is never closed", () => {
  it("keeps two bounded files, and remembers what they tell of", async () => {
    const journal = await open();
    await journal.finished("t-1", 1, payload);
    await fill();
    await journal.finished("t-2", 1, payload);
    expect((await stat(path)).size).toBeLessThan(1_024);
    expect([journal.isFinished("t-1", 1), journal.isFinished("t-2", 1)]).toEqual([true, true]);
    const again = await open();
    expect([again.isFinished("t-1", 1), again.isFinished("t-2", 1)]).toEqual([true, true]);
  });

  it("forgets what neither file tells of, in memory as on disk", async () => {
    const journal = await open();
    await journal.finished("t-1", 1, payload);
    for (const number of [2, 3]) {
      await fill();
      await journal.finished(`t-${number}`, 1, payload);
    }
    const again = await open();
    for (const each of [journal, again])
      expect([1, 2, 3].map((number) => each.isFinished(`t-${number}`, 1))).toEqual([false, true, true]);
    expect((await readdir(folder)).sort()).toEqual(["journal.jsonl", "journal.jsonl.1"]);
  });

  it("moves on once when several events find the file full", async () => {
    const journal = await open();
    await journal.finished("t-1", 1, payload);
    await fill();
    await Promise.all([2, 3, 4].map((number) => journal.finished(`t-${number}`, 1, payload)));
    const again = await open();
    expect([1, 2, 3, 4].map((number) => again.isFinished(`t-${number}`, 1))).toEqual(Array(4).fill(true));
  });
});
