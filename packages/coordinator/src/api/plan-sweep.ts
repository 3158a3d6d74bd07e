// PlanSweep: what a sweep would do, before anything runs. Reads the store and writes nothing.
import { create } from "@bufbuild/protobuf";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { type PlanSweepResponse, PlanSweepResponseSchema } from "@ozone/proto/sweep_service";
import { groupBy } from "@ozone/shared/group-by";
import { machinesOnline } from "../fleet/machines-online.ts";
import { chooseTargets } from "../planning/choose-targets.ts";
import { completeRequest } from "../planning/complete-request.ts";
import { type ForecastQuestion, forecastTarget } from "../planning/forecast/forecast-target.ts";
import { type HostForecast, totalDuration } from "../planning/forecast/total-duration.ts";
import { shareTargets } from "../planning/share-groups.ts";
import { matrixSize } from "../search/option-space.ts";
import type { Store } from "../store/open-store.ts";
import { newestResults } from "../store/results.ts";
import { listTargets, runningSweeps } from "../store/sweeps.ts";

/** More targets would not fit an answer, nor a person's patience. */
const TARGETS_MAX = 200;
/** Configurations of all targets together: a call has to be answered within seconds. */
const CONFIGURATIONS_MAX = 100_000;
/** So many earlier results tell how fast a target is. */
const RESULTS_MAX = 100;

/** How many targets are looked at. */
const targetsMax = ({ matrix }: SweepRequest): number =>
  Math.max(1, Math.min(TARGETS_MAX, Math.floor(CONFIGURATIONS_MAX / (matrix ? matrixSize(matrix) : 1))));

/** How many running sweeps each machine still has something to do for. */
async function sweepsByMachine(store: Store): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const { id } of await runningSweeps(store.db)) {
    const open = (await listTargets(store.db, id)).filter(({ finished }) => !finished);
    for (const machineId of new Set(open.map((target) => target.machineId))) {
      counts.set(machineId, (counts.get(machineId) ?? 0) + 1);
    }
  }
  return counts;
}

async function forecast(store: Store, question: Omit<ForecastQuestion, "results">): Promise<HostForecast> {
  const { machine, target } = question;
  const { engine, hostId } = machine.announcement;
  const of = { machineId: machine.id, modelDigest: target.modelDigest, engine };
  const results = await newestResults(store.db, of, RESULTS_MAX);
  return { hostId, forecast: forecastTarget({ ...question, results }) };
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
  const targets = shareTargets(request, chooseTargets(request, online), online);
  const groups = groupBy(targets, ({ shareGroup }) => shareGroup);
  const byId = new Map(online.map((machine) => [machine.id, machine]));
  const sweepsBefore = await sweepsByMachine(store);
  const forecasts: HostForecast[] = [];
  for (const target of targets.slice(0, targetsMax(request))) {
    const machine = byId.get(target.machineId);
    if (!machine) continue;
    const before = sweepsBefore.get(machine.id) ?? 0;
    const sharedBy = target.shareGroup === "" ? 1 : (groups.get(target.shareGroup)?.length ?? 1);
    forecasts.push(await forecast(store, { request, machine, target, sweepsBefore: before, sharedBy }));
  }
  const total = targets.length > forecasts.length ? null : totalDuration(forecasts);
  return create(PlanSweepResponseSchema, {
    request,
    targets: forecasts.map((one) => one.forecast),
    targetsTotal: targets.length,
    ...(total ? { duration: { lowMs: total.low, likelyMs: total.likely, highMs: total.high } } : {}),
  });
}
