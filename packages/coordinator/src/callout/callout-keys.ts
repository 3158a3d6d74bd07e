// The two keys of the auth callout of an external NATS, in one file that every coordinator has: of the account that vouches for
// machines, and of the user as whom a coordinator answers. Whoever has the file may let anybody onto that bus.
import { readFile } from "node:fs/promises";
import { issuerOf, type MachineKey, machineKeyOf, makeIssuerSeed, makeMachineKey } from "@ozone/shared/bus";
import type { Signer } from "@ozone/shared/ed25519";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { writePrivateFile } from "../embedded/state-file.ts";

/** As they were set. */
export interface CalloutSettings {
  readonly keysPath: string;
  /** A connection ends after at most so long, and is asked about anew: how long a revoked machine stays. */
  readonly lifeMs: number;
}

/** Both keys. */
export interface CalloutKeys {
  readonly issuer: Signer;
  readonly user: MachineKey;
}

const ISSUER = /^issuer (SA[A-Z2-7]{56})$/m;
const USER = /^user (SU[A-Z2-7]{56})$/m;

const textOf = (issuer: string, user: string): string =>
  [
    "# The keys of Ozone's auth callout (docs/deploying.md), secret: whoever has them may let anybody onto the bus.",
    `issuer ${issuer}`,
    `user ${user}`,
    "",
  ].join("\n");

const wrong = (path: string, what: string) =>
  new OzoneError(
    "invalid_input",
    `OZONE_NATS_CALLOUT_KEYS ${path} ${what}; \`ozone-coordinator bus-users\` makes the file where there is none.`,
  );

function keysIn(text: string, path: string): CalloutKeys {
  const [, issuer = ""] = ISSUER.exec(text) ?? [];
  const [, user = ""] = USER.exec(text) ?? [];
  try {
    return { issuer: issuerOf(issuer), user: machineKeyOf(user) };
  } catch {
    // What it is that was thrown could hold a part of a seed.
    throw wrong(path, "does not hold the two keys");
  }
}

/** Reads them. @throws OzoneError invalid_input with one sentence that holds no secret */
export async function readCalloutKeys(path: string): Promise<CalloutKeys> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw wrong(path, `can't be read (${messageOf(thrown)})`);
  });
  return keysIn(text, path);
}

/** Reads them, making the file first where there is none. @throws OzoneError invalid_input with one sentence */
export async function calloutKeys(path: string): Promise<CalloutKeys> {
  const known = await readFile(path, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw wrong(path, `can't be read (${messageOf(thrown)})`);
  });
  if (known !== null) return keysIn(known, path);
  const text = textOf(makeIssuerSeed(), makeMachineKey().seed);
  await writePrivateFile(path, text).catch((thrown: unknown) => {
    throw wrong(path, `can't be written (${messageOf(thrown)})`);
  });
  return keysIn(text, path);
}
