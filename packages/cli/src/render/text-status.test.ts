// The row of `ozone status` that says who leads.
import { create } from "@bufbuild/protobuf";
import { GetStatusResponseSchema } from "@ozone/proto/machine_service";
import { expect, it } from "vitest";
import { statusText } from "./text-machines.ts";

const row = (leader?: { name: string; term: bigint; isThisOne: boolean; lapsedMs: bigint }) =>
  /^leader +(.*)$/m.exec(statusText(create(GetStatusResponseSchema, leader ? { leader } : {}), "h:1"))?.[1];

it("the status names the leader, its term, and since when it has not been heard", () => {
  const leader = { name: "lab (pid 7)", term: 3n, isThisOne: false, lapsedMs: 0n };
  expect(row({ ...leader, isThisOne: true })).toBe("this coordinator, term 3");
  expect(row(leader)).toBe("lab (pid 7), term 3");
  expect(row({ ...leader, lapsedMs: 12_000n })).toBe("lab (pid 7), term 3, but its lease ended 12.0 s ago");
  expect(row()).toBe("not said");
});
