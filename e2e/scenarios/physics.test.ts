// What is measured is what is there: decode slows down with depth on the reference engine, as physics says. A server
// with a flat rate is in flat-rate.test.ts. Through `ozone-agent bench`, the door that anyone can use.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeRate, honestBench } from "../setup/bench.ts";
import { RunningProgram } from "../setup/processes.ts";
import { waitFor } from "../setup/wait-for.ts";

let folder: string;
let engine: RunningProgram;
let engineUrl: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-physics-"));
  chmodSync(folder, 0o755);
  engine = new RunningProgram("engine", {
    args: ["serve", "--port", "0", "--data-dir", join(folder, "engine")],
  });
  const line = /\{"listening":"(http:[^"]+)"/;
  const output = await waitFor("a listening engine", () => engine.output, {
    until: (text) => line.test(text),
  });
  engineUrl = line.exec(output)?.[1] ?? "";
});
afterAll(async () => {
  await engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the decode rate over depth", () => {
  it("falls on the reference engine, with the context really filled at both depths", async () => {
    const where = { url: engineUrl, model: "ozone-synthetic:4m", dataDir: folder };
    const shallow = await honestBench({ ...where, numCtx: 1024 });
    const deep = await honestBench({ ...where, numCtx: 8192 });
    expect([shallow.context, deep.context]).toMatchObject([
      { allocated: 1024, promptTokens: 921, filled: true },
      { allocated: 8192, promptTokens: 7372, filled: true },
    ]);
    expect(decodeRate(deep)).toBeLessThan(0.8 * decodeRate(shallow));
  });
});
