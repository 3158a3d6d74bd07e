import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type PulledModel, roomFor } from "./make-room.ts";
import { mirrorName } from "./mirror-name.ts";
import { readPullRule } from "./pull-rule.ts";
import { PulledModels } from "./pulled-models.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-pulling-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("consent to pull", () => {
  it("is not given unless a size is; and the mirror says whether it has TLS", () => {
    expect(readPullRule(undefined, undefined)).toBeNull();
    expect(readPullRule("off", "registry.lab")).toBeNull();
    expect(readPullRule("40GB", undefined)).toEqual({ diskBytes: 40e9, mirror: null, insecure: false });
    expect(readPullRule("1.5 TiB", "https://registry.lab/")).toMatchObject({
      mirror: "registry.lab",
      insecure: false,
    });
    expect(readPullRule("1GB", "http://registry.lab:5000")).toMatchObject({
      mirror: "registry.lab:5000",
      insecure: true,
    });
  });

  it.each(["40", "much", "-1GB", "0GB"])("is refused in one sentence when it says %s", (disk) => {
    expect(() => readPullRule(disk, undefined)).toThrow(/is neither off nor a size such as 40GB\.$/);
  });

  it("is refused for a mirror that is no host", () => {
    expect(() => readPullRule("1GB", "registry.lab/models")).toThrow(/is no registry; write host:port/);
  });
});

describe("a model's name at the mirror", () => {
  it.each([
    ["qwen3:8b", "lab:5000/library/qwen3:8b"],
    ["qwen3", "lab:5000/library/qwen3:latest"],
    ["someone/qwen3:8b", "lab:5000/someone/qwen3:8b"],
    ["other.example:443/someone/qwen3", "lab:5000/someone/qwen3:latest"],
  ])("is %s as %s", (model, expected) => {
    expect(mirrorName(model, "lab:5000")).toBe(expected);
  });
});

const model = (name: string, gigabytes: number, usedAtMs: number): PulledModel => ({
  model: name,
  digest: `digest of ${name}`,
  sizeBytes: gigabytes * 1e9,
  usedAtMs,
});

describe("room for another model", () => {
  const pulled = [model("new", 10, 300), model("old", 20, 100), model("middle", 5, 200)];
  const going = (gigabytes: number, kept: string[] = []) =>
    roomFor(gigabytes * 1e9, { pulled, diskBytes: 40e9, kept: new Set(kept) })?.map((one) => one.model) ??
    null;

  it("is made by those that were used longest ago, and no more of them than it takes", () => {
    expect(going(5)).toEqual([]);
    expect(going(6)).toEqual(["old"]);
    expect(going(26)).toEqual(["old", "middle"]);
    expect(going(40)).toEqual(["old", "middle", "new"]);
  });

  it("is not made of what somebody has loaded, nor at all when it can't suffice", () => {
    expect(going(6, ["old"])).toEqual(["middle"]);
    expect(going(21, ["old"])).toBeNull();
    expect(going(41)).toBeNull();
  });
});

describe("the record of what Ozone pulled", () => {
  const problems: string[] = [];
  const open = () => PulledModels.open(folder, (problem) => problems.push(problem));

  it("is there after a restart, with when each was used", async () => {
    const record = await open();
    await record.add(model("a:1b", 1, 100));
    await record.add(model("b:1b", 2, 100));
    await record.used("a:1b", 500);
    await record.used("somebody's", 900);
    expect((await open()).models).toEqual([
      { ...model("a:1b", 1, 100), usedAtMs: 500 },
      model("b:1b", 2, 100),
    ]);
  });

  it("lets go of what its owner removed or pulled anew: that is no longer Ozone's", async () => {
    const record = await open();
    const installed = { sizeBytes: 1, family: "", parameterSize: "", quantization: "" };
    await record.compare([
      { ...installed, name: "a:1b", digest: "another digest" },
      { ...installed, name: "b:1b", digest: "digest of b:1b" },
    ]);
    expect((await open()).models.map((one) => one.model)).toEqual(["b:1b"]);
  });

  it("counts as empty when it is damaged, so that nothing is removed for it", async () => {
    writeFileSync(join(folder, "pulled-models.json"), '[{"model":');
    expect((await open()).models).toEqual([]);
    expect(problems.join()).toMatch(/is damaged/);
  });
});
