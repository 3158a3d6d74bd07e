// The webhook: where notifications go, and the key that they are signed with. Both stay here: the address may hold a secret of
// the receiver's, so that only its host is ever shown.
import { readFile } from "node:fs/promises";
import { messageOf, OzoneError } from "@ozone/shared/errors";

/** As it was set. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string | null;
  readonly secretPath: string | null;
}

/** Ready to be used. */
export interface Endpoint {
  readonly url: string;
  readonly key: Buffer;
  /** Scheme and host: all that anybody is shown of the address. */
  readonly shown: string;
}

const PREFIX = "whsec_";
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;
const SECRET_WORDS = `${PREFIX} and ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes in base64`;

const wrong = (sentence: string) => new OzoneError("invalid_input", sentence);

function addressOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong("OZONE_WEBHOOK_URL must be an address with http:// or https://.");
  if (url.username !== "" || url.password !== "")
    throw wrong("OZONE_WEBHOOK_URL must not hold a user or password; receivers check the signature.");
  return url;
}

function keyOf(secret: string, from: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : "";
  const key = Buffer.from(text, "base64");
  if (!BASE64.test(text) || key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX)
    throw wrong(`${from} must be ${SECRET_WORDS}.`);
  return key;
}

async function secretOf({ secret, secretPath }: WebhookSettings): Promise<Buffer> {
  if (secret !== null && secretPath !== null)
    throw wrong("Set OZONE_WEBHOOK_SECRET or OZONE_WEBHOOK_SECRET_FILE, not both.");
  if (secret !== null) return keyOf(secret, "OZONE_WEBHOOK_SECRET");
  if (secretPath === null)
    throw wrong(
      `OZONE_WEBHOOK_URL needs OZONE_WEBHOOK_SECRET or OZONE_WEBHOOK_SECRET_FILE: ${SECRET_WORDS}.`,
    );
  const text = await readFile(secretPath, "utf8").catch((thrown: unknown) => {
    throw wrong(`OZONE_WEBHOOK_SECRET_FILE ${secretPath} can't be read: ${messageOf(thrown)}.`);
  });
  return keyOf(text.trim(), `The content of OZONE_WEBHOOK_SECRET_FILE ${secretPath}`);
}

/**
 * Checks what was set, and reads the secret.
 * @throws OzoneError invalid_input with one sentence that never holds address or secret
 */
export async function openEndpoint(settings: WebhookSettings | null): Promise<Endpoint | null> {
  if (settings === null) return null;
  const url = addressOf(settings.url);
  return { url: url.href, key: await secretOf(settings), shown: `${url.protocol}//${url.host}` };
}
