// The HTTP server for whoever watches: /healthz, /readyz, /metrics. No secrets, no TLS, nothing can be changed there.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { hostOf } from "@ozone/shared/host-address";
import { addGauges, type Watched } from "./gauges.ts";
import type { Meters } from "./meters.ts";
import { lookAtParts } from "./readiness.ts";

/** The running server. */
export interface ObservingServer {
  /** host:port with the port that was bound. */
  readonly address: string;
  stop(): Promise<void>;
}

type Page = (response: ServerResponse) => Promise<void>;

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * The path of a request's target, as it is written there. Not by `new URL`: it throws for what anybody may send ("//"), and what is
 * thrown in the listener ends the process.
 */
const pathOf = (target: string): string => target.replace(ORIGIN, "").split(/[?#]/, 1)[0] ?? "";

async function listen(server: Server, address: string): Promise<string> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostOf(address), resolve);
  }).catch((thrown: unknown) => {
    throw new OzoneError(
      "unavailable",
      `The address ${address} can't be listened on (${messageOf(thrown)}); set OZONE_HTTP_ADDRESS to a free one.`,
      { cause: thrown },
    );
  });
  return `${address.slice(0, address.lastIndexOf(":"))}:${(server.address() as AddressInfo).port}`;
}

/**
 * Starts it.
 * @throws OzoneError unavailable with one sentence when the address can't be had
 */
export async function serveObserving(
  address: string,
  watched: Watched,
  { registry }: Meters,
): Promise<ObservingServer> {
  const look = addGauges(registry, watched);
  const alive: Page = async (response) => sendJson(response, 200, { alive: true });
  const ready: Page = async (response) => {
    const readiness = await lookAtParts(watched);
    sendJson(response, readiness.ready ? 200 : 503, readiness);
  };
  const metrics: Page = async (response) => {
    await look();
    response.writeHead(200, { "content-type": registry.contentType }).end(await registry.metrics());
  };
  const pages = new Map([
    ["/healthz", alive],
    ["/readyz", ready],
    ["/metrics", metrics],
  ]);
  const server = createServer((request, response) => {
    const page = pages.get(pathOf(request.url ?? ""));
    if (request.method !== "GET" || page === undefined) {
      sendJson(response, request.method === "GET" ? 404 : 405, { pages: [...pages.keys()] });
      return;
    }
    page(response).catch((thrown: unknown) => sendJson(response, 500, { problem: messageOf(thrown) }));
  });
  const bound = await listen(server, address);
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { address: bound, stop };
}
