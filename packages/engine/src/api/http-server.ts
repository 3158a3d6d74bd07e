// The HTTP side: takes requests, finds their handlers, answers errors, and listens and stops.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { toApiError } from "./api-error.ts";
import { Exchange } from "./exchange.ts";
import { findRoute } from "./routes.ts";
import type { Services } from "./services.ts";

/** A listening server. */
export interface HttpServer {
  readonly url: string;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/** Starts listening; port 0 takes a free one. Rejects with Node's own error if it cannot. */
export function listen(
  services: Services,
  { host, port }: { host: string; port: number },
): Promise<HttpServer> {
  const server = createServer((request, response) => void answer(request, response, services));
  // A generation or an upload may take as long as it takes.
  server.requestTimeout = 0;
  // Like Ollama, never close a connection that a client keeps for later: closing would race with its next request.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve({ url: urlOf(server.address() as AddressInfo), close: () => close(server) });
    });
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, services: Services): Promise<void> {
  const [path = "/"] = (request.url ?? "/").split("?");
  const route = findRoute(request.method ?? "GET", path);
  const exchange = new Exchange(request, response, route.found ? decoded(route.parameter) : "");
  if (!isAllowedHost(request.headers.host ?? "", request.socket.localAddress ?? "")) {
    exchange.replyEmpty(403);
  } else if (!route.found) {
    exchange.replyText(route.status, route.text);
  } else {
    try {
      await route.handler(exchange, services);
    } catch (error) {
      answerError(exchange, services, error);
    }
  }
}

function answerError(exchange: Exchange, { log }: Services, error: unknown): void {
  const { status, message } = toApiError(error);
  // Nobody is left to answer, and what broke when the client left is no fault of the server.
  if (exchange.signal.aborted || exchange.response.destroyed) return;
  if (status >= 500) log("ERROR", message, { path: exchange.request.url });
  if (exchange.streaming) exchange.end();
  else exchange.reply(status, { error: message });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not a percent-encoded text: no digest looks like this, and the handler will say so.
    return text;
  }
}

/**
 * Ollama's guard against web pages that reach a loopback server through a name of their own (DNS rebinding): behind a
 * loopback address only local names and addresses count as this server's name.
 */
export function isAllowedHost(hostHeader: string, localAddress: string): boolean {
  if (!isLoopback(localAddress)) return true;
  const name = hostHeader
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "")
    .toLowerCase();
  if (isIP(name) !== 0) return true;
  return name === "" || name === "localhost" || /\.(?:localhost|local|internal)$/.test(name);
}

function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127\./.test(address) || address === "::1";
}
