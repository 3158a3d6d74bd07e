// The form of a role token, "ozr_" + id + "_" + 256 random bits, and whether a stored one lets a call through. Pure but for
// the random bits.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { OzoneError } from "@ozone/shared/errors";
import { mayDo, type Role } from "@ozone/shared/roles";
import type { RoleTokenRow } from "../store/role-tokens.ts";

const FORM = /^ozr_([0-9a-f]{10})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
const HOW_TO_GET_ONE = "an admin makes one with `ozone token create`";

const hashOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** A new token: its id, what is stored, and the text that is said once. */
export function newRoleToken(): { id: string; hash: Buffer; secret: string } {
  const id = randomBytes(5).toString("hex");
  const secret = `ozr_${id}_${randomBytes(SECRET_BYTES).toString("base64url")}`;
  return { id, hash: hashOf(secret), secret };
}

/** Its id; null for a text that is no role token. */
export const idOfToken = (text: string): string | null => FORM.exec(text)?.[1] ?? null;

/** What is needed to decide. */
export interface Question {
  /** What the caller showed; null: nothing. */
  readonly shown: string | null;
  /** The stored token of the id that was shown. */
  readonly row: RoleTokenRow | null;
  readonly needed: Role;
  /** For the sentence, such as "StartSweep". */
  readonly methodName: string;
}

/**
 * Lets a call through.
 * @returns the token that it showed
 * @throws OzoneError unauthenticated or permission_denied. Why a token is refused is told only to who has the whole token.
 */
export function admit({ shown, row, needed, methodName }: Question): RoleTokenRow {
  if (shown === null) {
    throw new OzoneError(
      "unauthenticated",
      `This coordinator asks for a role token; name a file with one in OZONE_TOKEN_FILE (${HOW_TO_GET_ONE}).`,
    );
  }
  if (row === null || !timingSafeEqual(hashOf(shown), row.hash)) {
    throw new OzoneError(
      "unauthenticated",
      `The role token is not one of this coordinator's; check OZONE_TOKEN_FILE (${HOW_TO_GET_ONE}).`,
    );
  }
  const which = `The role token ${row.id}${row.name === "" ? "" : ` (${row.name})`}`;
  if (row.revokedAt !== null) {
    throw new OzoneError("unauthenticated", `${which} was revoked; ${HOW_TO_GET_ONE}.`);
  }
  if (row.expired) {
    const day = row.expiresAt?.toISOString().slice(0, 16).replace("T", " ");
    throw new OzoneError("unauthenticated", `${which} expired on ${day} UTC; ${HOW_TO_GET_ONE}.`);
  }
  if (!mayDo(row.role, needed)) {
    throw new OzoneError(
      "permission_denied",
      `${which} has the role ${row.role}, and ${methodName} needs ${needed}; ask an admin for a token with that role.`,
    );
  }
  return row;
}
