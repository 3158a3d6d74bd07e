import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { Health } from "@ozone/proto/health";
import { SweepService } from "@ozone/proto/sweep_service";
import { describe, expect, it } from "vitest";
import { createDoorLimits } from "./door-limits.ts";
import { newRoleToken } from "./role-token.ts";

const SWEEPS = `/${SweepService.typeName}/ListSweeps`;
const HEALTH = `/${Health.typeName}/Check`;
const ENROL = `/${EnrolmentService.typeName}/Enroll`;

function door() {
  const clock = { ms: 0 };
  const limits = createDoorLimits(() => clock.ms);
  /** How many of so many calls pass. */
  const passing = (
    count: number,
    { path = SWEEPS, source = "192.0.2.1", shown = null as string | null } = {},
  ) =>
    Array.from({ length: count }, () => {
      try {
        limits.requireAllowance({ path, source, shown });
        return true;
      } catch {
        return false;
      }
    }).filter(Boolean).length;
  return { limits, clock, passing };
}

describe("calls from one address without a role token that let anybody in", () => {
  it("are two hundred at once, then twenty a second, and other addresses have their own", () => {
    const { limits, clock, passing } = door();
    expect(passing(1_000)).toBe(200);
    expect(() => limits.requireAllowance({ path: SWEEPS, source: "192.0.2.1", shown: null })).toThrow(
      "Too many calls without a valid role token come from 192.0.2.1; wait a few seconds and try again.",
    );
    expect(passing(1, { source: "192.0.2.2" })).toBe(1);
    clock.ms += 1_000;
    // Guesses of tokens, and methods that nobody has, are such calls.
    expect(passing(10, { shown: newRoleToken().secret })).toBe(10);
    expect(passing(1_000, { path: "/ozone.v1.Nothing/AtAll" })).toBe(10);
  });

  it("leave health, enrolling, and tokens that were let in before as they are", () => {
    const { limits, passing } = door();
    const { secret } = newRoleToken();
    limits.admitted(secret);
    expect(passing(1_000)).toBe(200);
    expect(passing(1_000, { path: HEALTH })).toBe(1_000);
    expect(passing(1_000, { shown: secret })).toBe(1_000);
    expect(passing(1_000, { path: ENROL })).toBe(20);
  });

  it("are those of a token that is no longer valid, too", () => {
    const { limits, passing } = door();
    const { secret } = newRoleToken();
    limits.admitted(secret);
    limits.refused(secret);
    expect(passing(1_000, { shown: secret })).toBe(200);
  });
});
