// A coordinator of an older version does not know by which machines were meant, leaves it out and would measure them all.
import { MachineService } from "@ozone/proto/machine_service";
import type { SweepRequest } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { knows } from "@ozone/shared/protocol-version";
import type { CoordinatorClient } from "../coordinator-client.ts";

/** @throws OzoneError invalid_input when the coordinator would not see which machines are meant */
export async function requireUnderstood(
  client: CoordinatorClient,
  { tags, classes, where }: Pick<SweepRequest, "tags" | "classes" | "where">,
): Promise<void> {
  if (tags.length + classes.length === 0 && where === "") return;
  const { version, protocolVersion } = await client.call(MachineService.method.getStatus, {});
  if (knows(protocolVersion, "tags, classes and queries of sweeps")) return;
  throw new OzoneError(
    "invalid_input",
    `The coordinator at ${client.address} is of an older version (${version || "unknown"}) that chooses machines by their names only and would measure all of them; upgrade it, or name machines (--machine).`,
  );
}
