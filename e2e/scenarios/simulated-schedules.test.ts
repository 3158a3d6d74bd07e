// A few of the seeded schedules of faults, and one mutant: `npm run schedules` runs the thousand.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/schedules.mjs", import.meta.url));
const schedules = (...flags: string[]) => promisify(execFile)(process.execPath, [SCRIPT, ...flags]);
const traceOf = ({ stdout }: { stdout: string }) => stdout.split("\n").slice(0, -2);

describe("seeded schedules of faults over the shipped code", () => {
  it("break no invariant", async () => {
    const { stdout } = await schedules("--count", "4", "--seed", "1", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ schedules: 4, broken: [] });
  });

  it("give the same trace, byte for byte, for the same seed and number", async () => {
    const [first, again] = [await schedules("--only-schedule", "2"), await schedules("--only-schedule", "2")];
    expect(traceOf(again)).toEqual(traceOf(first));
    expect(traceOf(first).length).toBeGreaterThan(10);
  });

  it("turn red when results are no longer fenced", async () => {
    const ran = schedules("--mutant=fencing", "--count", "10", "--seed", "1");
    await expect(ran).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/^ {2}I4: attempt /m) });
  });
});
