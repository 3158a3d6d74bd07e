// What a load balancer is told, with and without the lead.
import { HealthCheckResponse_ServingStatus as ServingStatus } from "@ozone/proto/health";
import { expect, it } from "vitest";
import { healthHandlers } from "./health.ts";

const statusOf = async (service: string, leads: boolean) => {
  const { check } = healthHandlers({ leads: () => leads });
  return (await check({ service } as never, undefined as never)).status;
};

it("a coordinator that follows is as healthy, and its service `leader` does not serve", async () => {
  expect(await statusOf("", false)).toBe(ServingStatus.SERVING);
  expect(await statusOf("leader", false)).toBe(ServingStatus.NOT_SERVING);
  expect(await statusOf("leader", true)).toBe(ServingStatus.SERVING);
});

it("who watches is told when the lead comes and goes", async () => {
  let leads = false;
  const { watch } = healthHandlers({ leads: () => leads });
  const leaving = new AbortController();
  const told: (ServingStatus | undefined)[] = [];
  for await (const { status } of watch({ service: "leader" } as never, { signal: leaving.signal } as never)) {
    told.push(status);
    leads = !leads;
    if (told.length === 3) leaving.abort();
  }
  expect(told).toEqual([ServingStatus.NOT_SERVING, ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
});
