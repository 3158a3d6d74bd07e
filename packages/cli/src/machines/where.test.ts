import { create } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { describe, expect, it } from "vitest";
import { machinesWhere } from "./where.ts";

const bare = create(MachineSchema, { name: "bare", hardwareClass: "c1", tags: ["desk"], factsJson: "{" });
const other = create(MachineSchema, { name: "other", hardwareClass: "", factsJson: "" });

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
const full = create(MachineSchema, { name: "full", factsJson: JSON.stringify(facts) });
const unasked = create(MachineSchema, {
  name: "unasked",
  factsJson: JSON.stringify({ ...facts, gpus: null }),
});

describe("machines by --where", () => {
  it("are all of them without a query", () => {
    expect(machinesWhere([bare, other], undefined)).toEqual([bare, other]);
  });

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
