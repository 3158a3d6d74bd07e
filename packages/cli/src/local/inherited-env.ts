// What a program that we start gets of our environment.
import type { ProgramName } from "./process-identity.ts";

/** Secrets of the coordinator alone: agent and engine, and what they start, need not have them. */
const COORDINATORS_OWN = ["OZONE_WEBHOOK_URL", "OZONE_WEBHOOK_SECRET"];

/** The environment without what is not for this program. */
export const inheritedEnv = (
  program: ProgramName,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => program === "ozone-coordinator" || !COORDINATORS_OWN.includes(name),
    ),
  );
