import { create } from "@bufbuild/protobuf";
import { ScheduleSchema } from "@ozone/proto/schedule";
import { describe, expect, it } from "vitest";
import { scheduleText } from "./text-schedules.ts";

const machinesLine = (request: object) => {
  const schedule = create(ScheduleSchema, { name: "nightly", cron: "0 2 * * *", timeZone: "UTC", request });
  const [, said = ""] = /\nmachines +(.+)\nIt was/s.exec(scheduleText(schedule)) ?? [];
  return said.replace(/\s+/g, " ").trim();
};

describe("the text of a schedule", () => {
  it.each([
    [{}, "all that are online then"],
    [{ machines: ["lab-1", "lab-2"] }, "lab-1, lab-2"],
    [{ tags: ["lab"] }, "all that are online then, with the tag lab"],
    [
      { tags: ["lab", "gpu"], classes: ["cpu-a", "cpu-b"], where: "not tag:desk" },
      "all that are online then, with all of the tags lab, gpu, of the class cpu-a or cpu-b, where not tag:desk",
    ],
  ])("says which machines %j means", (request, words) => {
    expect(machinesLine(request)).toBe(words);
  });
});
