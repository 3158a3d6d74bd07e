import { describe, expect, it } from "vitest";
import {
  isMeantBy,
  type KnownMachine,
  machinesWhere,
  type Narrowing,
  narrowMachines,
  requireNarrowed,
} from "./narrow-machines.ts";

const machine = (name: string, change: Partial<KnownMachine> = {}): KnownMachine => ({
  name,
  hardwareClass: "",
  factsJson: "",
  tags: [],
  ...change,
});
const bare = machine("bare", { hardwareClass: "c1", tags: ["desk"], factsJson: "{" });
const other = machine("other");

const gpu = {
  vendor: "nvidia",
  model: "L4",
  vramBytes: 24e9,
  driver: "550",
  unified: false,
  cores: null,
  index: 0,
};
const facts = {
  hostId: "0123456789abcdef0123456789abcdef",
  os: { family: "linux", release: "6.18", arch: "x64" },
  cpu: {
    vendor: "AMD",
    brand: "AMD EPYC",
    physicalCores: 2,
    logicalCores: 4,
    usableCores: 2,
    isaTier: "avx2",
    features: [],
    l3Bytes: null,
  },
  memory: {
    totalBytes: 25e9,
    limitBytes: null,
    bandwidthBytesPerSecond: null,
    cacheBandwidthBytesPerSecond: null,
    bandwidthMethod: "memchr",
  },
  gpus: [gpu],
  virtualised: true,
  powerSource: "unknown",
  numaNodes: 1,
  notes: [],
};
const full = machine("full", { hardwareClass: "c2", factsJson: JSON.stringify(facts) });
const unasked = machine("unasked", { factsJson: JSON.stringify({ ...facts, gpus: null }) });

describe("machines by a query", () => {
  it("are those that match by name, class and tag; facts that can't be read match nothing", () => {
    expect(machinesWhere([bare, other], "tag:desk and class=c1")).toEqual([bare]);
    expect(machinesWhere([bare, other], "class!=c2")).toEqual([bare]);
    expect(machinesWhere([bare, other], "gpu>=0 or not gpu>=0")).toEqual([]);
  });

  it("are told apart by their facts, and GPUs nobody could ask for are unknown", () => {
    expect(machinesWhere([full, bare], "gpu=1 and ram=25GB and cores=2 and os=linux and arch=x64")).toEqual([
      full,
    ]);
    expect(machinesWhere([full, unasked], "gpu=0 or gpu>0")).toEqual([full]);
    expect(machinesWhere([unasked], "ram=25GB")).toEqual([unasked]);
  });
});

describe("machines by tags, classes and a query together", () => {
  const a = machine("a", { hardwareClass: "c1", tags: ["lab", "gpu"] });
  const b = machine("b", { hardwareClass: "c2", tags: ["lab"] });
  const c = machine("c", { hardwareClass: "c3" });
  const asked = (change: Partial<Narrowing>): Narrowing => ({ tags: [], classes: [], where: "", ...change });
  const names = (change: Partial<Narrowing>) =>
    narrowMachines([a, b, c], asked(change), "online").map(({ name }) => name);
  const cases: readonly (readonly [Partial<Narrowing>, readonly string[]])[] = [
    [{}, ["a", "b", "c"]],
    [{ classes: ["c1", "c3"] }, ["a", "c"]],
    [{ where: "not tag:gpu" }, ["b", "c"]],
    [{ tags: ["lab"], classes: ["c1", "c2"], where: "not tag:gpu" }, ["b"]],
  ];

  it.each(cases)("%j means %j", (change, expected) => {
    expect(names(change)).toEqual(expected);
    expect([a, b, c].filter(isMeantBy(asked(change))).map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    [{ classes: ["c9"] }, 'No machine that is online is of the class "c9" (classes there: c1, c2, c3); '],
    [
      { tags: ["lab"], classes: ["c1", "c3"] },
      'No machine that is online and carries "lab" is of the class "c3" ',
    ],
    [{ where: "gpu>=1" }, 'No machine that is online surely matches "gpu>=1"; '],
    [{ classes: ["c1"], where: "tag:x" }, 'online and of the class "c1" surely matches "tag:x"; '],
    [{ where: "gpus=1" }, 'The query of machines has "gpus=1", which is no condition; '],
  ])("%j is refused in one sentence", (change, sentence) => {
    expect(() => names(change)).toThrow(sentence);
  });

  it("a machine that was named as well is never left out in silence", () => {
    requireNarrowed([a, b], asked({ tags: ["lab"], classes: ["c1", "c2"], where: "tag:lab" }));
    const refused = (change: Partial<Narrowing>) => () => requireNarrowed([a, b], asked(change));
    expect(refused({ tags: ["gpu"] })).toThrow(/^b does not carry the tag "gpu"; /);
    expect(refused({ classes: ["c1"] })).toThrow(/^b is of the class "c2", not "c1"; /);
    expect(refused({ where: "name=a" })).toThrow(/^b does not surely match "name=a"; /);
  });
});
