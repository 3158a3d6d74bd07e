import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openOutbox, outboxKey } from "./outbox.ts";
import { packResult, unpackResult } from "./outbox-file.ts";

let folder: string;
let problems: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ozone-outbox-"));
  problems = [];
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const open = () => openOutbox(folder, (problem) => problems.push(problem));
const payload = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);

describe("the outbox", () => {
  it("keeps a result over a restart until it is forgotten", async () => {
    await (await open()).put("t-1", 1, payload);
    const again = await open();
    expect(again.pending()).toEqual(["t-1.1"]);
    expect(await again.read("t-1.1")).toEqual(payload);
    await again.forget("t-1.1");
    expect((await open()).pending()).toEqual([]);
  });

  it("never shows a result that was only half written", async () => {
    await writeFile(join(folder, "t-1.1.result.draft"), packResult(payload).subarray(0, 9));
    expect((await open()).pending()).toEqual([]);
  });

  it("sets a damaged file aside, says so, and goes on with the others", async () => {
    const outbox = await open();
    await outbox.put("t-1", 1, payload);
    await outbox.put("t-2", 1, payload);
    const bytes = await readFile(join(folder, "t-1.1.result"));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(join(folder, "t-1.1.result"), bytes);
    const again = await open();
    expect(await again.read("t-1.1")).toBeNull();
    expect(problems[0]).toMatch(/t-1\.1 is damaged; it was moved to/);
    expect(again.pending()).toEqual(["t-2.1"]);
    expect(await readdir(join(folder, "damaged"))).toEqual(["t-1.1.result"]);
  });

  it("says nothing of a result whose receipt came while it was to be sent again", async () => {
    const outbox = await open();
    await outbox.put("t-1", 1, payload);
    await outbox.forget("t-1.1");
    expect([await outbox.read("t-1.1"), problems]).toEqual([null, []]);
  });

  it("keeps the newest 64 of those that are too large, and says which it removed", async () => {
    const outbox = await open();
    for (let number = 1; number <= 65; number += 1) {
      const file = await outbox.copyAside(`t-${number}.1`, payload);
      await utimes(file, number, number);
    }
    await outbox.copyAside("t-66.1", payload);
    const kept = await readdir(join(folder, "too-large"));
    expect([kept.length, kept.includes("t-3.1.8-bytes.result")]).toEqual([64, true]);
    expect(problems.map((problem) => / was removed/.test(problem) && problem.match(/t-\d+/)?.[0])).toEqual([
      "t-1",
      "t-2",
    ]);
  });

  it("recognises every flipped byte and every truncation", () => {
    const file = packResult(payload);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (position, mask) => {
        const flipped = Buffer.from(file);
        flipped.writeUInt8(flipped.readUInt8(position) ^ mask, position);
        expect(unpackResult(flipped)).toBeNull();
        expect(unpackResult(file.subarray(0, position))).toBeNull();
      }),
    );
  });

  it("gives back any payload as it was put in", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        expect(unpackResult(packResult(bytes))).toEqual(new Uint8Array(bytes));
      }),
    );
  });

  it.each(["../t-1", "t/1", "", "t\u0000", "a".repeat(100)])(
    "refuses the trial id %j as a file name",
    (trialId) => {
      expect(() => outboxKey(trialId, 1)).toThrow(RangeError);
    },
  );
});
