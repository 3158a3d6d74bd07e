import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { NAMED_STRATEGIES } from "@ozone/shared/data-folder";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { findModule } from "./find-module.ts";

let root: string;
let dataDir: string;
let allowed: string;
let mine: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "ozone-find-")));
  dataDir = join(root, "data");
  allowed = join(root, "allowed");
  mine = join(root, "mine.mjs");
  for (const folder of [dataDir, allowed, join(allowed, "node_modules", "a-search")]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const file of [mine, join(allowed, "theirs.mjs")]) writeFileSync(file, "export default {};");
  symlinkSync(mine, join(allowed, "way-out.mjs"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const find = (name: string, strategies?: string): Promise<string | null> => {
  const env = {
    OZONE_DATA_DIR: dataDir,
    ...(strategies === undefined ? {} : { OZONE_STRATEGIES: strategies }),
  };
  return findModule(name, readConfig(env).modules);
};
const nameModule = (path: string, mode = 0o600): void => {
  writeFileSync(join(dataDir, NAMED_STRATEGIES), `${path}\n`);
  chmodSync(join(dataDir, NAMED_STRATEGIES), mode);
};
const REFUSED = /may not load .*OZONE_STRATEGIES/;

describe("a coordinator", () => {
  it("loads no module that a client names, unless it was told to", async () => {
    await expect(find(mine)).rejects.toThrow(REFUSED);
    await expect(find(join(allowed, "theirs.mjs"))).rejects.toThrow(REFUSED);
    expect(await find("a-search")).toBeNull();
  });

  it("loads what lies in the folders of OZONE_STRATEGIES, modules and packages, and nothing beside them", async () => {
    expect(await find(join(allowed, "theirs.mjs"), allowed)).toBe(join(allowed, "theirs.mjs"));
    expect(await find("a-search", `${root}/none${delimiter}${allowed}`)).toBe(
      join(allowed, "node_modules", "a-search"),
    );
    await expect(find(mine, allowed)).rejects.toThrow(REFUSED);
    await expect(find(join(allowed, "..", "mine.mjs"), allowed)).rejects.toThrow(REFUSED);
    await expect(find(join(allowed, "way-out.mjs"), allowed)).rejects.toThrow(REFUSED);
  });

  it("loads what its own user named in its data folder, as `ozone sweep run` does", async () => {
    nameModule(mine);
    expect(await find(mine)).toBe(mine);
    await expect(find(join(allowed, "theirs.mjs"))).rejects.toThrow(REFUSED);
    await expect(find(mine, "off")).rejects.toThrow(REFUSED);
  });

  it("does not believe a list that others could have written", async () => {
    nameModule(mine, 0o622);
    await expect(find(mine)).rejects.toThrow(REFUSED);
  });

  it("says in one sentence what is wrong with a name", async () => {
    await expect(find(join(allowed, "none.mjs"), allowed)).rejects.toThrow(
      /There is no strategy module .*none/,
    );
    await expect(find("./mine.mjs", allowed)).rejects.toThrow(/has no absolute path/);
    expect(() => readConfig({ OZONE_STRATEGIES: "strategies" })).toThrow(/strategies is no absolute path/);
  });
});
