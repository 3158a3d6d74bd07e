import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cannotWriteFile, writeFiles } from "./write-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ozone-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("writeFiles()", () => {
  it("makes folders, replaces whole files and leaves no drafts", async () => {
    await writeFiles(folder, [{ path: "a/b.txt", content: "old" }]);
    const written = await writeFiles(folder, [{ path: "a/b.txt", content: "new" }]);
    expect(written).toEqual([join(folder, "a", "b.txt")]);
    expect(readFileSync(join(folder, "a", "b.txt"), "utf8")).toBe("new");
    expect(readdirSync(join(folder, "a"))).toEqual(["b.txt"]);
  });

  it("keeps what was written when a later file fails, and says which and what to do", async () => {
    writeFileSync(join(folder, "taken"), "");
    const files = [
      { path: "good.txt", content: "good" },
      { path: "taken/bad.txt", content: "bad" },
    ];
    await expect(writeFiles(folder, files)).rejects.toThrow(
      /Cannot write .*bad\.txt \(.*\); choose another folder with --out\./,
    );
    expect(readdirSync(folder).sort()).toEqual(["good.txt", "taken"]);
  });

  it("says that the disk is full, that nothing is lost, and what to do", () => {
    const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
    expect(cannotWriteFile("x.md", full)).toMatchObject({
      code: "resource_exhausted",
      message:
        "The disk is full: x.md was not written; free some space and run `ozone report build` again, nothing measured is lost.",
    });
  });
});
