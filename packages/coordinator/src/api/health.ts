// grpc.health.v1: serving once everything is started.
import { create } from "@bufbuild/protobuf";
import {
  type Health,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@ozone/proto/health";
import type { Handlers } from "./grpc-server.ts";

const answer = (serving: boolean) =>
  create(HealthCheckResponseSchema, { status: serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING });

/** Handlers of the health service. Watch sends the present state and stays open until the caller leaves. */
export const healthHandlers = (isServing: () => boolean): Handlers<typeof Health> => ({
  check: async () => answer(isServing()),
  async *watch(_request, { signal }) {
    yield answer(isServing());
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  },
});
