// Which handler answers which request. Pure apart from the handlers themselves.
import { chat } from "./chat.ts";
import { generate } from "./generate.ts";
import { copy, create, headBlob, remove, uploadBlob } from "./model-changes.ts";
import { ps, show, tags } from "./model-reports.ts";
import type { Handler } from "./services.ts";
import { engineVersion } from "./version.ts";

const version: Handler = (exchange) =>
  exchange.reply(200, { version: engineVersion, engine: "ozone-reference" });

const greeting: Handler = (exchange) =>
  exchange.replyText(
    200,
    "Ollama is running (in fact the Ozone reference engine, which answers in its place)",
  );

/** Handlers by path and method. */
const routes: ReadonlyMap<string, Readonly<Record<string, Handler>>> = new Map([
  ["/", { GET: greeting, HEAD: greeting }],
  ["/api/version", { GET: version, HEAD: version }],
  ["/api/tags", { GET: tags, HEAD: tags }],
  ["/api/ps", { GET: ps }],
  ["/api/show", { POST: show }],
  ["/api/generate", { POST: generate }],
  ["/api/chat", { POST: chat }],
  ["/api/create", { POST: create }],
  ["/api/copy", { POST: copy }],
  ["/api/delete", { DELETE: remove }],
]);

/** Handlers of paths that end in a part of the client's choice. */
const parameterRoutes: ReadonlyMap<string, Readonly<Record<string, Handler>>> = new Map([
  ["/api/blobs/", { HEAD: headBlob, POST: uploadBlob }],
]);

/** The outcome of a look-up. */
export type Route =
  | { readonly found: true; readonly handler: Handler; readonly parameter: string }
  | { readonly found: false; readonly status: 404 | 405; readonly text: string };

/** Finds the handler for a method and the path of a URL. */
export function findRoute(method: string, path: string): Route {
  const cut = path.lastIndexOf("/") + 1;
  const parameter = routes.has(path) ? "" : path.slice(cut);
  const byMethod = parameter === "" ? routes.get(path) : parameterRoutes.get(path.slice(0, cut));
  if (byMethod === undefined) return { found: false, status: 404, text: "404 page not found" };
  const handler = Object.hasOwn(byMethod, method) ? byMethod[method] : undefined;
  if (handler === undefined) return { found: false, status: 405, text: "405 method not allowed" };
  return { found: true, handler, parameter };
}
