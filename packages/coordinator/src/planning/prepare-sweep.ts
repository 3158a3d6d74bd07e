// A request against the fleet becomes what is stored of a sweep: the one way for sweeps that a person starts and that a clock
// starts.
import type { SweepRequest } from "@ozone/proto/sweep";
import { strategyTitle } from "@ozone/shared/strategy-names";
import type { MachineRow } from "../store/machines.ts";
import { chooseTargets } from "./choose-targets.ts";
import { completeRequest } from "./complete-request.ts";
import { shareTargets } from "./share-groups.ts";

/**
 * Completes a request and chooses its targets among the machines that are online.
 * @throws OzoneError invalid_input, not_found or unavailable with one sentence
 */
export function prepareSweep(asked: SweepRequest, online: readonly MachineRow[]) {
  const request = completeRequest(asked);
  const targets = shareTargets(request, chooseTargets(request, online), online);
  if (request.name === "")
    request.name = `${strategyTitle(request.strategy)} ${targets[0]?.modelName ?? ""}`.trim();
  return { name: request.name, request, targets };
}
