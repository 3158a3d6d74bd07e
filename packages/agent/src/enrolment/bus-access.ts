// How this agent reaches the bus: by what it was given (an external NATS, a password), else as the machine that enrolled.
import type { BusOptions } from "@ozone/shared/bus";
import { OzoneError } from "@ozone/shared/errors";
import type { AgentConfig } from "../config.ts";
import { trustFor } from "./coordinator-trust.ts";
import { type Enrolled, enrol, readEnrolled } from "./enrol.ts";
import { takeToken } from "./enrol-command.ts";

/** Where the bus is, and as whom to come. */
export type BusAccess = Pick<BusOptions, "url" | "identity" | "caPem">;

/**
 * Finds it, enrolling first where a token was given.
 * @throws OzoneError invalid_input when there is no way
 */
export async function busAccess(
  config: AgentConfig,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<BusAccess> {
  const { dataDir, name, natsUrl, coordinator, coordinatorTrust } = config;
  const token = takeToken(process.env);
  if (natsUrl !== null) return { url: natsUrl };
  const known = await readEnrolled(dataDir);
  if (token === null && known) return accessOf(known);
  if (coordinator === null)
    throw new OzoneError(
      "invalid_input",
      "This machine has not enrolled: run `ozone-agent enroll --coordinator HOST:PORT` with a token, or set OZONE_NATS_URL for a bus with a password.",
    );
  const trust = await trustFor(coordinator, dataDir, coordinatorTrust);
  return accessOf(await enrol({ dataDir, name, coordinator, trust, token, log, stop }));
}

const accessOf = ({ busUrl: url, busCa: caPem, identity }: Enrolled): BusAccess => ({ url, caPem, identity });
