// PlanSweep: what a sweep would do, before anything runs. Reads the store and writes nothing.
import { create } from "@bufbuild/protobuf";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { type PlanSweepResponse, PlanSweepResponseSchema } from "@ozone/proto/sweep_service";
import { machinesOnline } from "../fleet/machines-online.ts";
import { chooseTargets, type Target } from "../planning/choose-targets.ts";
import { completeRequest } from "../planning/complete-request.ts";
import { forecastTarget } from "../planning/forecast/forecast-target.ts";
import { type HostForecast, totalDuration } from "../planning/forecast/total-duration.ts";
import type { MachineRow } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { newestResults } from "../store/results.ts";

/** More targets would not fit an answer, nor a person's patience. */
const TARGETS_MAX = 200;
/** So many earlier results tell how fast a target is. */
const RESULTS_MAX = 100;

async function forecast(
  store: Store,
  request: Parameters<typeof forecastTarget>[0]["request"],
  target: Target,
  machine: MachineRow,
): Promise<HostForecast> {
  const { engine, hostId } = machine.announcement;
  const results = await newestResults(
    store.db,
    { machineId: machine.id, modelDigest: target.modelDigest, engine },
    RESULTS_MAX,
  );
  return { hostId, forecast: forecastTarget({ request, machine, target, results }) };
}

/**
 * The forecast of a sweep.
 * @throws OzoneError invalid_input with one sentence where the sweep would be refused.
 */
export async function planSweep(
  store: Store,
  leaseMs: number,
  asked = create(SweepRequestSchema),
): Promise<PlanSweepResponse> {
  const request = completeRequest(asked);
  const online = await machinesOnline(store, leaseMs);
  const targets = chooseTargets(request, online);
  const byId = new Map(online.map((machine) => [machine.id, machine]));
  const forecasts: HostForecast[] = [];
  for (const target of targets.slice(0, TARGETS_MAX)) {
    const machine = byId.get(target.machineId);
    if (machine) forecasts.push(await forecast(store, request, target, machine));
  }
  const total = targets.length > TARGETS_MAX ? null : totalDuration(forecasts);
  return create(PlanSweepResponseSchema, {
    request,
    targets: forecasts.map((one) => one.forecast),
    targetsTotal: targets.length,
    ...(total ? { duration: { lowMs: total.low, likelyMs: total.likely, highMs: total.high } } : {}),
  });
}
