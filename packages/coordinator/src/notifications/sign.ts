// The headers of Standard Webhooks 1.0 (standardwebhooks.com): who receives can prove that a body is ours, whole and recent.
import { createHmac } from "node:crypto";

/** What is signed. */
export interface Signed {
  /** The same at each try: receivers tell repetitions by it. */
  readonly id: string;
  /** Of this try, in seconds since 1970. */
  readonly nowS: number;
  readonly body: string;
}

/** webhook-id, webhook-timestamp and webhook-signature. */
export const webhookHeaders = ({ id, nowS, body }: Signed, key: Buffer): Record<string, string> => ({
  "webhook-id": id,
  "webhook-timestamp": String(nowS),
  "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${nowS}.${body}`).digest("base64")}`,
});
