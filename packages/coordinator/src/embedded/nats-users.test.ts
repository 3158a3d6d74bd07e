import { makeMachineKey } from "@ozone/shared/bus";
import { describe, expect, it } from "vitest";
import { usersBlock } from "./nats-users.ts";

const coordinator = { user: "ozone", password: 'se"cret' };

describe("the users of the embedded nats-server", () => {
  it("gives an agent its own subjects, consumer and inbox, and nothing with a wildcard over machines", () => {
    const { publicKey } = makeMachineKey();
    const lines = usersBlock(coordinator, [{ machineId: "m-1", publicKey }]);
    const agent = lines.find((line) => line.includes("nkey")) ?? "";
    const subjects = [...agent.matchAll(/"([^"]+)"/g)].map(([, text]) => text ?? "").slice(1);
    expect(subjects).toEqual([
      "ozone.v1.result.m-1",
      "ozone.v1.heartbeat.m-1",
      "ozone.v1.announce.m-1",
      "ozone.v1.applying.m-1",
      "$JS.API.CONSUMER.INFO.OZONE_WORK.work-m-1",
      "$JS.API.CONSUMER.MSG.NEXT.OZONE_WORK.work-m-1",
      "$JS.ACK.OZONE_WORK.work-m-1.>",
      "ozone.v1.receipt.m-1",
      "_INBOX_m-1.>",
    ]);
    expect(lines.join("\n")).toContain('password: "se\\"cret"');
  });

  it("writes no line for what could be read as something else", () => {
    const { publicKey } = makeMachineKey();
    for (const machineId of ["*", "m.>", 'm" } }', "m\n", ""]) {
      expect(() => usersBlock(coordinator, [{ machineId, publicKey }]), machineId).toThrow(RangeError);
    }
    expect(() => usersBlock(coordinator, [{ machineId: "m-1", publicKey: 'U", permissions: {}' }])).toThrow(
      RangeError,
    );
  });
});
