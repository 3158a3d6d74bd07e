// JWTs as nats-server reads and writes them: signed by an NKey, with claims of the server's own under `nats`. What is here is
// the whole of it; decision 0029 says why no library does it.
import { isSignedByNkey, type Signer } from "../ed25519.ts";

const HEADER = { typ: "JWT", alg: "ed25519-nkey" };
/** A request holds what a client sent before it was let in: 4 KiB by the server's own limit, and its certificates. */
const TOKEN_CHARS_MAX = 65_536;
const CLAIMS_VERSION = 2;

/** What is signed. Times in seconds since 1970. */
export interface Claims {
  /** Who signed it. */
  readonly iss: string;
  readonly sub: string;
  readonly aud?: string;
  readonly name?: string;
  readonly iat: number;
  readonly exp?: number;
  readonly nats: Readonly<Record<string, unknown>>;
}

const inBase64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signs claims. */
export function encodeClaims(signer: Signer, claims: Omit<Claims, "iss">): string {
  const nats = { ...claims.nats, version: CLAIMS_VERSION };
  const signed = `${inBase64(HEADER)}.${inBase64({ ...claims, nats, iss: signer.publicKey })}`;
  return `${signed}.${Buffer.from(signer.sign(Buffer.from(signed))).toString("base64url")}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(base64: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, "base64url").toString("utf8"));
    return isObject(value) ? value : null;
  } catch {
    return null; // no JSON
  }
}

/** The claims, if whom they name signed them; else null. Whether that one may say so is for the caller to judge. */
export function decodeClaims(token: string): Claims | null {
  const [header = "", body = "", signature = "", ...more] =
    token.length > TOKEN_CHARS_MAX ? [] : token.split(".");
  if (more.length > 0 || parsed(header)?.alg !== HEADER.alg) return null;
  const claims = parsed(body);
  if (claims === null || !isObject(claims.nats)) return null;
  const { iss, sub, iat } = claims;
  if (typeof iss !== "string" || typeof sub !== "string" || typeof iat !== "number") return null;
  const isSigned = isSignedByNkey(iss, Buffer.from(`${header}.${body}`), Buffer.from(signature, "base64url"));
  return isSigned ? ({ ...claims, iss, sub, iat, nats: claims.nats } as Claims) : null;
}
