import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withStartLock } from "./start-lock.ts";

let folder: string;
let lock: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-lock-"));
  lock = join(folder, "start.lock");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the start lock", () => {
  it("lets one in at a time and is gone afterwards", async () => {
    let inside = 0;
    let most = 0;
    const work = () =>
      withStartLock(lock, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await stat(lock);
        inside -= 1;
      });
    await Promise.all([work(), work(), work(), work()]);
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is given back when the work fails", async () => {
    const failing = withStartLock(lock, () => Promise.reject(new Error("no luck")));
    await expect(failing).rejects.toThrow("no luck");
    expect(await withStartLock(lock, async () => "next")).toBe("next");
  });

  it("is broken when its holder is dead, or only its process id lives on", async () => {
    for (const holder of ["4194303 - token", `${process.pid} 1 token`]) {
      await writeFile(lock, holder);
      if (holder.startsWith("4194303") || process.platform === "linux") {
        expect(await withStartLock(lock, async () => "in", 2_000)).toBe("in");
      }
      await rm(lock, { force: true });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("names the living holder when time is up, and leaves its lock", async () => {
    await writeFile(lock, `${process.pid} - token`);
    await expect(withStartLock(lock, async () => "in", 100)).rejects.toThrow(
      `Process ${process.pid} has been starting`,
    );
    expect(await readdir(folder)).toEqual(["start.lock"]);
  });
});
