import { NAMED_SWEEPS } from "@ozone/shared/named-sweeps";
import { readSweep } from "@ozone/shared/sweep-file";
import { describe, expect, it } from "vitest";
import { readYaml } from "../sweep-request/yaml-text.ts";
import { namedSweepsText, namedSweepYaml } from "./named-sweeps.ts";

describe("a named sweep as a file", () => {
  it.each(NAMED_SWEEPS)("asks for what the name asks for: $name", (sweep) => {
    const { request, problems } = readSweep(readYaml(namedSweepYaml(sweep)).value);
    expect(problems).toEqual([]);
    expect(request).toEqual(readSweep(sweep.document).request);
  });

  it("stands in a table with what it is for", () => {
    const text = namedSweepsText(NAMED_SWEEPS);
    for (const { name, summary } of NAMED_SWEEPS)
      expect(text).toMatch(new RegExp(`^${name} +${summary}$`, "m"));
  });
});
