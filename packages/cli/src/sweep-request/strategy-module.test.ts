import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NAMED_STRATEGIES } from "@ozone/shared/data-folder";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nameStrategy } from "../local/name-strategy.ts";
import { readSweepRequest } from "./read-request.ts";

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "ozone-strategy-")));
  mkdirSync(join(folder, "sweeps"));
  mkdirSync(join(folder, "node_modules", "@lab", "search"), { recursive: true });
  writeFileSync(join(folder, "sweeps", "my-search.mjs"), "export default {};");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function strategyOf(given: string, { elsewhere = false } = {}): Promise<string> {
  const file = join(folder, "sweeps", "night.yaml");
  writeFileSync(file, `strategy: ${JSON.stringify(given)}\n`);
  return (await readSweepRequest({ file, flags: {}, elsewhere })).strategy;
}

describe("the strategy of a sweep file", () => {
  it("that is a path is meant from the file, wherever the command is run", async () => {
    expect(await strategyOf("./my-search.mjs")).toBe(join(folder, "sweeps", "my-search.mjs"));
    expect(await strategyOf("../sweeps/my-search.mjs")).toBe(join(folder, "sweeps", "my-search.mjs"));
  });

  it("that is a package is looked for from the file upwards", async () => {
    expect(await strategyOf("@lab/search")).toBe(join(folder, "node_modules", "@lab", "search"));
  });

  it("that is nowhere is refused where it stands, with all that may be said", async () => {
    for (const given of ["gird", "./none.mjs"]) {
      await expect(strategyOf(given)).rejects.toThrow(
        /night\.yaml:1:11: strategy must be one of grid, guided, .*path of a module .*, not "/,
      );
    }
  });

  it("is left to a coordinator that was named by its address, which may have what is not here", async () => {
    expect(await strategyOf("their-search", { elsewhere: true })).toBe("their-search");
    expect(await strategyOf("/opt/none.mjs", { elsewhere: true })).toBe("/opt/none.mjs");
  });

  it("typed as a flag is meant from the working directory", async () => {
    const flags = { strategy: "./packages/cli/src/main.ts" };
    const file = join(folder, "sweeps", "night.yaml");
    writeFileSync(file, "name: night\n");
    const { strategy } = await readSweepRequest({ file, flags });
    expect(strategy).toBe(join(process.cwd(), "packages/cli/src/main.ts"));
  });
});

describe("naming a strategy for the coordinator here", () => {
  it("writes its path down once, where only its own user may write", () => {
    const data = join(folder, "data");
    for (const module of ["/a/x.mjs", "/b/y.mjs", "/a/x.mjs"]) nameStrategy(data, module);
    expect(readFileSync(join(data, NAMED_STRATEGIES), "utf8")).toBe("/a/x.mjs\n/b/y.mjs\n");
    expect(statSync(join(data, NAMED_STRATEGIES)).mode & 0o077).toBe(0);
    expect(() => nameStrategy(data, "/a\n/etc/evil.mjs")).toThrow(/line breaks/);
  });
});
