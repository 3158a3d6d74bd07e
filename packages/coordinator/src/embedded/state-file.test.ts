import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { numberField, readState, textField, writeState } from "./state-file.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-state-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a state file", () => {
  it("is read back as written, and only by its owner", async () => {
    const file = join(folder, "state.json");
    await writeState(file, { port: 1, name: "a" });
    await writeState(file, { port: 2, name: "b" });
    const state = await readState(file);
    expect([numberField(state, "port"), textField(state, "name")]).toEqual([2, "b"]);
    expect([numberField(state, "name"), textField(state, "port"), textField(null, "x")]).toEqual([
      null,
      null,
      null,
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["state.json"]);
  });

  it("is null when absent, and an error with advice when it is no JSON object", async () => {
    const file = join(folder, "state.json");
    expect(await readState(file)).toBeNull();
    for (const text of ["", "[1]", "{half"]) {
      await writeFile(file, text);
      await expect(readState(file)).rejects.toThrow(/is not a JSON object: restore it, or remove/);
    }
  });

  it("leaves nothing behind when it can't be put in place", async () => {
    await expect(writeState(folder, { a: 1 })).rejects.toThrow();
    expect(await readdir(join(folder, ".."))).not.toContainEqual(expect.stringMatching(`${folder}\\.`));
  });
});
