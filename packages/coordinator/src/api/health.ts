// grpc.health.v1: serving once everything is started, also where another coordinator leads. The service "leader" serves
// where this one does.
import { setTimeout as wait } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  type Health,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@ozone/proto/health";
import type { Handlers } from "./grpc-server.ts";

const LEADER = "leader";
const LOOK_INTERVAL_MS = 500;

const answer = (serving: boolean) =>
  create(HealthCheckResponseSchema, { status: serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });

/** Handlers of the health service. Watch sends the present state, and each change until the caller leaves. */
export function healthHandlers({ leads }: { leads: () => boolean }): Handlers<typeof Health> {
  const isServing = (service: string) => service !== LEADER || leads();
  return {
    check: async ({ service }) => answer(isServing(service)),
    async *watch({ service }, { signal }) {
      let last: boolean | null = null;
      while (!signal.aborted) {
        const serving = isServing(service);
        if (serving !== last) yield answer(serving);
        last = serving;
        await wait(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
