// How the agent of this machine comes to the bus: with a token of its own, made over loopback and approved beforehand,
// so that the coordinator's password stays with the coordinator. An external NATS that has its own users: as its
// url says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { IdentityService } from "@ozone/proto/identity_service";
import type { CoordinatorRunFile } from "@ozone/shared/data-folder";
import { connectCoordinator } from "../coordinator-client.ts";

/** Long enough for an agent that waits for a busy machine before it enrols. */
const VALID_MS = 10 * 60_000;

/** The id that the agent of this data folder has, or nothing: then it makes one. */
function machineIdIn(folder: string): string {
  try {
    const { machineId } = JSON.parse(readFileSync(join(folder, "agent", "identity.json"), "utf8"));
    return typeof machineId === "string" ? machineId : "";
  } catch {
    return ""; // no agent yet; a damaged file is the agent's to report
  }
}

/** Environment of the agent. The token is used up at once when the machine has no identity yet, and unused otherwise. */
export async function wayIn(
  folder: string,
  { grpcAddress, natsUrl, enrolment }: CoordinatorRunFile,
): Promise<Record<string, string>> {
  if (!enrolment) return { OZONE_NATS_URL: natsUrl };
  const client = connectCoordinator(grpcAddress);
  try {
    const { secret } = await client.call(IdentityService.method.createEnrolmentToken, {
      ...{ validMs: BigInt(VALID_MS), approved: true, machineId: machineIdIn(folder) },
    });
    return { OZONE_NATS_URL: "", OZONE_GRPC_ADDRESS: grpcAddress, OZONE_ENROLL_TOKEN: secret };
  } finally {
    client.close();
  }
}
