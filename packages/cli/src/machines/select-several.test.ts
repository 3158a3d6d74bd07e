import { create } from "@bufbuild/protobuf";
import { IdentitySchema } from "@ozone/proto/identity_service";
import { MachineSchema } from "@ozone/proto/machine";
import { describe, expect, it } from "vitest";
import { selectSeveral } from "./select-several.ts";

const machine = (id: string, tags: string[], hardwareClass = "cpu") =>
  create(MachineSchema, { id, name: `name-${id}`, tags, hardwareClass });
const fleet = {
  machines: [machine("m-1", ["lab-a"]), machine("m-2", ["lab-a", "gpu"], "gpu"), machine("m-3", [])],
  identities: [create(IdentitySchema, { machineId: "m-4", name: "new" })],
};
const ids = (selection: { named?: string[]; tags?: string[]; classes?: string[]; where?: string }) =>
  selectSeveral(fleet, { named: [], tags: [], classes: [], ...selection }).map(({ id }) => id);

describe("which machines are meant", () => {
  it("is each of them once, by name, id, tag, class and query together, also one that never announced itself", () => {
    expect(ids({ tags: ["lab-a"] })).toEqual(["m-1", "m-2"]);
    expect(ids({ named: ["name-m-3", "m-2"], tags: ["gpu"], classes: ["gpu"] })).toEqual(["m-3", "m-2"]);
    expect(ids({ named: ["m-3"], where: "class=gpu" })).toEqual(["m-3", "m-2"]);
    expect(ids({ named: ["new"] })).toEqual(["m-4"]);
  });

  it("is never everything because nothing was typed, nor less than was typed", () => {
    expect(() => ids({})).toThrow(/^Name machines, or say --tag, --class or --where/);
    expect(() => ids({ named: ["m-1", "m-9"] })).toThrow(/There is no machine "m-9"/);
    expect(() => ids({ tags: ["lab-a", "lab-b"] })).toThrow(/No machine has the tag or class "lab-b"/);
    expect(() => ids({ named: ["m-1"], where: "class=tpu" })).toThrow(
      /No machine surely matches "class=tpu"/,
    );
  });
});
