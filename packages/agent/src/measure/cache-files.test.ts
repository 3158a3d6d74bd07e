import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cleanUpLeftovers } from "./leave-no-trace.ts";
import { forgetLoadNote, readLoadNotes, writeLoadNote } from "./load-notes.ts";
import type { WordPool } from "./word-pool.ts";
import { readPool, writePool } from "./word-pool-cache.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-cache-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const key = { digest: "abc", engineVersion: "0.24.0" };
const pool: WordPool = { words: ["one", "two"], openers: ["one"], overheadTokens: 1, exact: true };

describe("stored word pools", () => {
  it("come back as they were, for their model and version only", async () => {
    expect(await writePool(folder, key, pool)).toBeNull();
    expect(await readPool(folder, key)).toEqual(pool);
    expect(await readPool(folder, { ...key, digest: "abd" })).toBeNull();
    expect(await readPool(folder, { ...key, engineVersion: "0.24.1" })).toBeNull();
    expect((await readdir(folder)).filter((name) => name.endsWith(".draft"))).toEqual([]);
  });

  it.each([
    "",
    "{",
    '{"format":1}',
    '{"format":1,"digest":"abc","words":[1],"openers":["a"],"overheadTokens":1}',
  ])("are not believed when they are damaged: %s", async (text) => {
    await writePool(folder, key, pool);
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), text);
    expect(await readPool(folder, key)).toBeNull();
  });

  it("say why they could not be written", async () => {
    await writeFile(join(folder, "file"), "");
    expect(await writePool(join(folder, "file"), key, pool)).toMatch(/EEXIST|ENOTDIR/);
  });
});

describe("notes about loaded models", () => {
  const note = {
    engineUrl: "http://127.0.0.1:1",
    model: "m",
    restore: [{ model: "m", numCtx: 4096, keepAlive: "300s" }],
  };

  it("are there from writing to forgetting, one per server and model", async () => {
    await writeLoadNote(folder, note);
    await writeLoadNote(folder, note);
    await writeLoadNote(folder, { ...note, model: "n", restore: [] });
    expect(await readLoadNotes(folder)).toHaveLength(2);
    await forgetLoadNote(folder, note);
    expect(await readLoadNotes(folder)).toEqual([{ ...note, model: "n", restore: [] }]);
  });

  it("leave out what is damaged, and are none where there is no folder", async () => {
    await writeFile(join(folder, "loaded-0000.json"), "{");
    expect(await readLoadNotes(folder)).toEqual([]);
    expect(await readLoadNotes(join(folder, "nowhere"))).toEqual([]);
  });

  it.each([
    ["loaded-0000.json", "{", "about an interrupted trial"],
    ["loaded-0000.json", "{}", "about an interrupted trial"],
    ["managed-0000.json", "", "about a managed server"],
    ["managed-0000.json", '{"mark":"m"}', "about a managed server"],
  ])("are told of when cleaning up where %s is damaged: %j", async (name, text, words) => {
    await writeFile(join(folder, name), text);
    const said = await cleanUpLeftovers(folder);
    expect(said).toEqual([
      expect.stringContaining(`The note ${join(folder, name)} ${words} can't be read (`),
    ]);
    expect(await readdir(folder)).toEqual([name]);
  });
});
