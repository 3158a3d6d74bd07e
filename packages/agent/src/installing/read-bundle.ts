// A bundle from a file, or from a server in the lab: houses without internet keep one there. What is read is nothing yet; its digest
// decides.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf, OzoneError } from "@ozone/shared/errors";

/** A bundle is about two megabytes. */
const BYTES_MAX = 64 * 1024 * 1024;
const FETCH_MS_MAX = 120_000;

const isUrl = (place: string): boolean => /^https?:\/\//i.test(place);

/**
 * The bytes at a place: a path, or an address with http(s).
 * @throws OzoneError not_found or invalid_input with one sentence
 */
export async function readBundle(place: string): Promise<Buffer> {
  try {
    return isUrl(place) ? await download(place) : await readFile(place);
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    throw new OzoneError("not_found", `${place} can't be read: ${messageOf(cause)}.`, { cause: thrown });
  }
}

async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_MS_MAX) });
  if (!response.ok || response.body === null)
    throw new OzoneError("not_found", `${url} can't be read: the server said ${response.status}.`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX)
      throw new OzoneError("invalid_input", `${url} is larger than 64 MiB; that is no bundle of Ozone.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Has `use` run on a file of these bytes that nobody else can change. */
export async function withPrivateCopy<Value>(
  content: Buffer,
  use: (path: string) => Promise<Value>,
): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), "ozone-bundle-"));
  try {
    const path = join(folder, "ozone-agent.mjs");
    await writeFile(path, content, { mode: 0o600 });
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
