// Which request goes where, and how a refusal becomes an error answer.
import type { IncomingMessage } from "node:http";
import { answer } from "./answer.ts";
import { psIsSilent, psReply, showReply, tagsReply, versionReply } from "./metadata-routes.ts";
import { RequestError } from "./request-error.ts";
import { blob, copyModel, createModel, deleteModel, pullModel } from "./store-routes.ts";
import type { Wire } from "./wire.ts";
import type { RecordedRequest, World } from "./world.ts";

type Body = Record<string, unknown>;

/** What a handler is given besides the world. */
interface Call {
  readonly body: Body;
  readonly record: RecordedRequest;
  readonly wire: Wire;
}

const ROUTES: Readonly<Record<string, (world: World, call: Call) => Promise<void> | void>> = {
  "GET /": (_world, { wire }) => wire.text(200, "Ollama is running"),
  "GET /api/version": (world, { wire }) => wire.json(200, versionReply(world)),
  "GET /api/tags": (world, { wire }) => wire.json(200, tagsReply(world)),
  "GET /api/ps": (world, { wire }) => (psIsSilent(world) ? wire.untilGone() : wire.json(200, psReply(world))),
  "POST /api/show": (world, { wire, body }) => wire.json(200, showReply(world, body)),
  "POST /api/generate": (world, { wire, record }) => answer(world, record, wire),
  "POST /api/chat": (world, { wire, record }) => answer(world, record, wire),
  "POST /api/create": (world, { wire, body }) => createModel(world, body, wire),
  "POST /api/pull": (world, { wire, body }) => pullModel(world, body, wire),
  "POST /api/copy": (world, { wire, body }) => copyModel(world, body, wire),
  "DELETE /api/delete": (world, { wire, body }) => deleteModel(world, body, wire),
};

/** Answers one request and writes it down in `requests`. Never rejects: what goes wrong becomes an error answer. */
export async function handle(
  world: World,
  request: IncomingMessage,
  context: { wire: Wire; requests: RecordedRequest[] },
): Promise<void> {
  const { wire, requests } = context;
  const atMs = performance.now();
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const method = request.method ?? "GET";
  try {
    if (path.startsWith("/api/blobs/")) {
      requests.push({ atMs, method, path, body: undefined });
      await blob(world, request, wire);
      return;
    }
    const route = ROUTES[`${method === "HEAD" ? "GET" : method} ${path}`];
    const body =
      route !== undefined && method !== "GET" && method !== "HEAD" ? await readBody(request) : undefined;
    const record: RecordedRequest = { atMs, method, path, body };
    requests.push(record);
    if (route === undefined) wire.text(404, "404 page not found");
    else await route(world, { body: body ?? {}, record, wire });
  } catch (error) {
    refuse(wire, error);
  }
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  const text = Buffer.concat(pieces).toString("utf8");
  if (text.trim() === "") throw new RequestError(400, "missing request body");
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as Body;
  } catch {
    // Both a syntax error and a value that is no object are refused below, in the words of Go's parser.
  }
  throw new RequestError(400, "invalid character in request body: a JSON object was expected");
}

/** Before the first byte an error has its own status; after it, it is a line of the stream. */
function refuse(wire: Wire, error: unknown): void {
  const status = error instanceof RequestError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  if (!wire.started) {
    wire.json(status, { error: message });
    return;
  }
  void wire.line(JSON.stringify({ error: message }));
  wire.end();
}
