// `sweep run --pull`: what the machines of a sweep lack of its models is pulled before it starts, where owners consented.
import { MachineService } from "@ozone/proto/machine_service";
import type { SweepRequest } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { isMeantBy } from "@ozone/shared/narrow-machines";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { interruptible } from "../interruption.ts";
import { askForPulls, pullable, waitForPulls } from "../machines/pull-models.ts";
import { pullLine } from "../render/text-pulls.ts";

/**
 * Pulls. A machine on which it fails is told of and left out by the sweep, as one that lacks the model is.
 * @throws OzoneError invalid_input for a sweep that names no models
 */
export async function pullBefore(
  client: CoordinatorClient,
  request: Pick<SweepRequest, "models" | "machines" | "tags" | "classes" | "where">,
  say: (line: string) => void,
): Promise<void> {
  const { models, machines: named } = request;
  if (models.length === 0)
    throw new OzoneError("invalid_input", "--pull needs models by their names (--model).");
  const { machines } = await client.call(MachineService.method.listMachines, {});
  const isMeant = isMeantBy(request);
  const meant = machines.filter(
    (machine) =>
      (named.length === 0 || named.includes(machine.id) || named.includes(machine.name)) && isMeant(machine),
  );
  const lacks = pullable(meant, models);
  if (lacks.length === 0) return;
  const pulls = await askForPulls(client, lacks);
  const ids = pulls.map(({ id }) => id);
  const ended = await interruptible((signal) => waitForPulls(client, ids, { say, signal }));
  for (const pull of ended.filter(({ state }) => state !== "pulled")) say(`without ${pullLine(pull)}`);
}
