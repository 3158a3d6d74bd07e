import { create } from "@bufbuild/protobuf";
import { MachineSchema } from "@ozone/proto/machine";
import { describe, expect, it } from "vitest";
import { machinesWhere } from "./where.ts";

const bare = create(MachineSchema, { name: "bare", hardwareClass: "c1", tags: ["desk"], factsJson: "{" });
const other = create(MachineSchema, { name: "other", hardwareClass: "", factsJson: "" });

describe("machines by --where", () => {
  it("are all of them without a query", () => {
    expect(machinesWhere([bare, other], undefined)).toEqual([bare, other]);
  });

  it("are those that match by name, class and tag; facts that can't be read match nothing", () => {
    expect(machinesWhere([bare, other], "tag:desk and class=c1")).toEqual([bare]);
    expect(machinesWhere([bare, other], "class!=c2")).toEqual([bare]);
    expect(machinesWhere([bare, other], "gpu>=0 or not gpu>=0")).toEqual([]);
  });
});
