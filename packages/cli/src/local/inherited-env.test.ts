// Who gets the webhook's secret.
import { expect, it } from "vitest";
import { inheritedEnv } from "./inherited-env.ts";

it("the webhook's address and secret reach the coordinator alone", () => {
  const env = { PATH: "/bin", OZONE_WEBHOOK_URL: "https://hooks.lab/x", OZONE_WEBHOOK_SECRET: "whsec_x" };
  expect(inheritedEnv("ozone-coordinator", env)).toEqual(env);
  expect(inheritedEnv("ozone-agent", env)).toEqual({ PATH: "/bin" });
  expect(inheritedEnv("ozone-engine", env)).toEqual({ PATH: "/bin" });
});
