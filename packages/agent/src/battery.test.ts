// A machine on battery is not measured unasked. What decides is known before the server is asked for anything.
import { afterAll, describe, expect, it } from "vitest";
import { type ConditionsPort, unknownConditions } from "./measure/ports.ts";
import { orderFor, portsFor, removeFolders } from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";

afterAll(removeFolders);

const poweredBy = (powerSource: string): ConditionsPort => ({
  waitUntilQuiet: async (limitMs, signal) => ({
    ...(await unknownConditions.waitUntilQuiet(limitMs, signal)),
    powerSource,
  }),
});

/** Nobody answers there: a trial that goes on fails in the next step, by another class. */
const NOBODY = "http://127.0.0.1:1";

async function failureOf(powerSource: string, allowBattery: boolean) {
  const ports = portsFor(NOBODY, { conditions: poweredBy(powerSource) });
  const { failure, conditions, warnings } = await runTrial(orderFor({ allowBattery }), ports);
  return { class: failure?.failureClass, conditions, warnings: warnings.map(({ code }) => code) };
}

describe("a trial on a machine that runs on battery", () => {
  it("fails as on_battery, with the power source in its conditions", async () => {
    const { class: failureClass, conditions } = await failureOf("battery", false);
    expect(failureClass).toBe("on_battery");
    expect(conditions?.powerSource).toBe("battery");
  });

  it("goes on, with a warning, where its protocol allows it", async () => {
    const { class: failureClass, warnings } = await failureOf("battery", true);
    expect(failureClass).toBe("server_unreachable");
    expect(warnings).toContain("on_battery");
  });

  it.each(["mains", "unknown"])("is not refused for the power source %s", async (powerSource) => {
    expect((await failureOf(powerSource, false)).class).toBe("server_unreachable");
  });
});
