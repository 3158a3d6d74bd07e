// What nats-server asks of its auth callout (ADR-26), and what it is answered. Pure.
import * as z from "zod";
import { isSignedByNkey, type Signer } from "../ed25519.ts";
import { isPublicKey } from "./keys.ts";
import { type Claims, decodeClaims, encodeClaims } from "./nats-jwt.ts";
import { agentPermissions } from "./permissions.ts";

const AUDIENCE = "nats-authorization-request";
/** Where users are that the server's configuration puts nowhere else; also the coordinator's own. */
const ACCOUNT = "$G";
const WITHOUT_LIMIT = { subs: -1, data: -1, payload: -1 };
/** A machine comes as a client, not as a leaf node with clients of its own. */
const KIND = { allowed_connection_types: ["STANDARD"] };

/** What a client sent, as the server passes it on: unproven, every word of it. */
const asked = z.object({
  user_nkey: z.string(),
  server_id: z.object({ id: z.string() }),
  client_info: z.object({ nonce: z.string().optional() }),
  connect_opts: z.object({ nkey: z.string().optional(), sig: z.string().optional() }),
});

/** One client that wants to be let in. */
export interface CalloutRequest {
  /** The server's key: whom the answer is for. */
  readonly serverId: string;
  /** Made by the server for this one connection, which alone an answer can open. */
  readonly userKey: string;
  /** The server's clock, in seconds since 1970. */
  readonly atS: number;
  /** The key whose holder signed the nonce of this connection; null: nobody proved anything. */
  readonly provenKey: string | null;
}

/**
 * The server checks signatures only of keys in its own configuration, so this is where a machine's is checked. Without a
 * nonce nothing is proven: a signature over nothing could be sent again by whoever saw it.
 */
function provenKey({ client_info: { nonce }, connect_opts: { nkey, sig } }: z.infer<typeof asked>) {
  if (!nonce || !nkey || !sig) return null;
  // The server takes both alphabets, and so does Buffer.
  const isSigned = isSignedByNkey(nkey, Buffer.from(nonce), Buffer.from(sig, "base64"));
  return isSigned && isPublicKey(nkey) ? nkey : null;
}

/** Reads a request; null: it is none that a server signed. */
export function readCalloutRequest(token: string): CalloutRequest | null {
  const claims = decodeClaims(token);
  const said = claims && asked.safeParse(claims.nats);
  if (!claims || !said?.success || claims.aud !== AUDIENCE) return null;
  const { server_id, user_nkey } = said.data;
  if (claims.iss !== server_id.id || !claims.iss.startsWith("N")) return null;
  return { serverId: server_id.id, userKey: user_nkey, atS: claims.iat, provenKey: provenKey(said.data) };
}

function answer(signer: Signer, { serverId, userKey, atS }: CalloutRequest, said: Claims["nats"]): string {
  const nats = { ...said, type: "authorization_response" };
  return encodeClaims(signer, { sub: userKey, aud: serverId, iat: atS, nats });
}

/** The server writes the sentence into its log; the client learns that it was refused. */
export const refusal = (signer: Signer, request: CalloutRequest, sentence: string): string =>
  answer(signer, request, { error: sentence });

/**
 * Lets a machine in, with its own subjects and no others, for so long by the server's own clock: the coordinator's may be
 * wrong.
 */
export function admittance(
  signer: Signer,
  request: CalloutRequest,
  { machineId, lifeMs }: { readonly machineId: string; readonly lifeMs: number },
): string {
  const { publish, subscribe } = agentPermissions(machineId);
  const { userKey, atS } = request;
  const user = encodeClaims(signer, {
    ...{ sub: userKey, name: machineId, aud: ACCOUNT },
    ...{ iat: atS, exp: atS + Math.max(1, Math.floor(lifeMs / 1_000)) },
    nats: { pub: { allow: publish }, sub: { allow: subscribe }, ...KIND, ...WITHOUT_LIMIT, type: "user" },
  });
  return answer(signer, request, { jwt: user });
}
