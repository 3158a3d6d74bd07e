// Tokens for machines that are to enrol: made, and withdrawn.
import { randomBytes } from "node:crypto";
import { isMachineId } from "@ozone/shared/bus";
import { TOKEN_PREFIX } from "@ozone/shared/enrolment";
import { OzoneError } from "@ozone/shared/errors";
import { noteAct } from "../store/acts.ts";
import { findToken, insertToken, type TokenRow, withdrawToken } from "../store/enrolment-tokens.ts";
import { findIdentity } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { digestOfToken } from "./enrol-machine.ts";

const VALID_MS_MIN = 60_000;
const VALID_MS_MAX = 30 * 24 * 3_600_000;

/** What a token is to be. */
export interface TokenRequest {
  readonly validMs: number;
  readonly approved: boolean;
  /** Empty: for any new machine. */
  readonly machineId: string;
}

async function requireUsable(store: Store, { validMs, machineId }: TokenRequest): Promise<void> {
  if (validMs < VALID_MS_MIN || validMs > VALID_MS_MAX)
    throw new OzoneError("invalid_input", "A token is valid for 1 minute to 30 days.");
  if (machineId === "") return;
  if (!isMachineId(machineId))
    throw new OzoneError(
      "invalid_input",
      "A machine id is 1 to 64 of a-z, 0-9 and - (`ozone machine list`).",
    );
  if ((await findIdentity(store.db, machineId))?.state === "revoked")
    throw new OzoneError(
      "invalid_input",
      `${machineId} was revoked; let it in with \`ozone machine approve ${machineId}\` first.`,
    );
}

/** Makes a token; the secret is said once and not kept. @throws OzoneError invalid_input */
export async function createToken(
  store: Store,
  request: TokenRequest,
  who: string,
): Promise<{ token: TokenRow; secret: string }> {
  await requireUsable(store, request);
  const id = `e-${randomBytes(5).toString("hex")}`;
  const secret = `${TOKEN_PREFIX}${randomBytes(32).toString("base64url")}`;
  const { approved, validMs } = request;
  const machineId = request.machineId || null;
  await store.db.transaction(async (tx) => {
    await insertToken(tx, { id, digest: digestOfToken(secret), approved, machineId, validMs });
    const detail = `${approved ? "approved beforehand" : "to be approved"}, for ${machineId ?? "a new machine"}`;
    await noteAct(tx, { who, what: "made a token", about: id, detail });
  });
  return { token: await requireToken(store, id), secret };
}

/** Closes an open token. @throws OzoneError not_found, invalid_input when it is not open any more */
export async function closeToken(store: Store, id: string, who: string): Promise<TokenRow> {
  await store.db.transaction(async (tx) => {
    if (await withdrawToken(tx, id)) await noteAct(tx, { who, what: "withdrew a token", about: id });
  });
  const token = await requireToken(store, id);
  if (token.state === "withdrawn") return token;
  throw new OzoneError("invalid_input", `The token ${id} is ${token.state} already.`);
}

async function requireToken(store: Store, id: string): Promise<TokenRow> {
  const token = await findToken(store.db, id);
  if (token) return token;
  throw new OzoneError(
    "not_found",
    `There is no token ${JSON.stringify(id)}; \`ozone enroll token list\` shows them.`,
  );
}
