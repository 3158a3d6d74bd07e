import { chmod, mkdir, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accountFor, mayUse, NOBODY, openUpTo } from "./postgres-account.ts";

describe("the account that Postgres runs as", () => {
  it("is the current user, unless that is root", () => {
    expect(accountFor(1000, null, "linux")).toBeNull();
    expect(accountFor(null, null, "win32")).toBeNull();
    expect(accountFor(0, null, "linux")).toEqual(NOBODY);
  });

  it("is, for root, the owner of the cluster that is there", () => {
    expect(accountFor(0, { uid: 1000, gid: 1000 }, "linux")).toEqual({ uid: 1000, gid: 1000 });
  });

  it("can't be found for root elsewhere than on Linux", () => {
    expect(() => accountFor(0, null, "darwin")).toThrow(/ordinary user, or set OZONE_DATABASE_URL/);
  });
});

describe("the rights of an account", () => {
  const file = { uid: 5, gid: 6, mode: 0o40_751 };

  it("come from the owner's, the group's or the others' bits, the first that apply", () => {
    expect(mayUse(file, { uid: 5, gid: 9 }, 7)).toBe(true);
    expect(mayUse(file, { uid: 9, gid: 6 }, 5)).toBe(true);
    expect(mayUse(file, { uid: 9, gid: 6 }, 2)).toBe(false);
    expect(mayUse(file, { uid: 9, gid: 9 }, 1)).toBe(true);
    expect(mayUse(file, { uid: 9, gid: 9 }, 4)).toBe(false);
    expect(mayUse({ ...file, mode: 0o077 }, { uid: 5, gid: 6 }, 1)).toBe(false);
  });
});

describe("opening folders for an account", () => {
  it("adds the right to enter to our own folders only, or to none", async () => {
    const top = await realpath(await mkdtemp(join(tmpdir(), "ozone-open-")));
    const inner = join(top, "inner");
    await mkdir(inner, { mode: 0o700 });
    const stranger = { uid: 54_321, gid: 54_321 };
    try {
      expect(await openUpTo(inner, inner, stranger)).toEqual([top]);
      expect((await stat(inner)).mode & 0o777).toBe(0o700);
      expect(await openUpTo(inner, top, stranger)).toEqual([]);
      expect([(await stat(top)).mode & 0o777, (await stat(inner)).mode & 0o777]).toEqual([0o701, 0o701]);
      await chmod(top, 0o700);
    } finally {
      await rm(top, { recursive: true, force: true });
    }
  });
});
