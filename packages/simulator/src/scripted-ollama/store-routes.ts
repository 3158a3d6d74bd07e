// The endpoints that change what is stored: create, copy, delete, blobs.
import type { IncomingMessage } from "node:http";
import { RequestError } from "./request-error.ts";
import { waitSeconds } from "./schedule.ts";
import type { Wire } from "./wire.ts";
import type { World } from "./world.ts";

type Body = Readonly<Record<string, unknown>>;

/** POST /api/create: statuses line by line, or only the last one. @throws RequestError 400 with Ollama's texts. */
export async function createModel(world: World, body: Body, wire: Wire): Promise<void> {
  const name = textOf(body, "model") || textOf(body, "name");
  if (name === "") throw new RequestError(400, "invalid model name");
  const model = world.store.create({
    name,
    from: textOf(body, "from"),
    files: objectOf(body, "files"),
    parameters: objectOf(body, "parameters") ?? {},
  });
  if (body.stream === false) {
    wire.json(200, { status: "success" });
    return;
  }
  const steps = ["parsing GGUF", `using existing layer ${model.blob}`, "writing manifest", "success"];
  for (const status of steps) await wire.line(JSON.stringify({ status }));
  wire.end();
}

const PULL_STEPS = 10;

/**
 * POST /api/pull: the weights part by part, from where an earlier pull of them was cut.
 * @throws RequestError with Ollama's text for what the registry does not have; the stream has begun by then
 */
export async function pullModel(world: World, body: Body, wire: Wire): Promise<void> {
  const name = textOf(body, "model") || textOf(body, "name");
  const say = (line: object) => wire.line(JSON.stringify(line));
  await say({ status: "pulling manifest" });
  const model = world.script.registry.find((one) => one.name === name);
  if (model === undefined) throw new RequestError(500, "pull model manifest: file does not exist");
  const { blob: digest, size: total } = model;
  const part = { status: `pulling ${digest.slice(7, 19)}`, digest, total };
  for (let completed = world.store.pulledBytes(digest); completed < total; ) {
    await say({ ...part, completed });
    await waitSeconds(total / PULL_STEPS / world.script.pullBytesPerSecond, wire.gone);
    if (wire.gone.aborted) return;
    completed = Math.min(total, completed + Math.ceil(total / PULL_STEPS));
    world.store.keepPulled(digest, completed);
  }
  await say({ ...part, completed: total });
  for (const status of ["verifying sha256 digest", "writing manifest"]) await say({ status });
  world.store.add({ ...model, modifiedAt: new Date().toISOString() });
  await say({ status: "success" });
  wire.end();
}

/** POST /api/copy. @throws RequestError 400 or 404. */
export function copyModel(world: World, body: Body, wire: Wire): void {
  const [source, destination] = [textOf(body, "source"), textOf(body, "destination")];
  if (source === "") throw new RequestError(400, 'source "" is invalid');
  if (destination === "") throw new RequestError(400, 'destination "" is invalid');
  world.store.copy(source, destination);
  wire.empty(200);
}

/** DELETE /api/delete. @throws RequestError 404 for an unknown model. */
export function deleteModel(world: World, body: Body, wire: Wire): void {
  const name = textOf(body, "model") || textOf(body, "name");
  if (!world.store.delete(name)) throw new RequestError(404, `model '${name}' not found`);
  wire.empty(200);
}

/** HEAD and POST /api/blobs/sha256:... @throws RequestError 400 for a bad digest, 404 for an unknown blob. */
export async function blob(world: World, request: IncomingMessage, wire: Wire): Promise<void> {
  const digest = (request.url ?? "").split("/").at(-1) ?? "";
  if (!/^sha256[:-][0-9a-f]{64}$/.test(digest)) throw new RequestError(400, "invalid digest format");
  const known = world.store.hasBlob(digest);
  if (request.method === "HEAD") {
    wire.empty(known ? 200 : 404);
  } else if (known) {
    request.resume();
    wire.empty(200);
  } else {
    await world.store.addBlob(digest, request);
    wire.empty(201);
  }
}

function textOf(body: Body, key: string): string {
  const value = body[key];
  return typeof value === "string" ? value : "";
}

function objectOf(body: Body, key: string): Record<string, unknown> | null {
  const value = body[key];
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}
