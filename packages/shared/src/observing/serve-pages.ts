// HTTP pages for whoever watches a program: no secrets, no TLS, nothing can be changed there.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, OzoneError } from "../errors.ts";
import { hostOf } from "../host-address.ts";

/** What a page answers. */
interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** Asked anew for each request. */
type Page = () => Promise<Answer>;

/** The running server. */
export interface PageServer {
  /** host:port with the port that was bound. */
  readonly address: string;
  stop(): Promise<void>;
}

/** JSON with a line's end, so that it reads well behind curl. */
const jsonAnswer = (status: number, value: object): Answer => ({
  status,
  contentType: "application/json",
  body: `${JSON.stringify(value)}\n`,
});

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { "content-type": contentType }).end(body);
}

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/**
 * The path of a request's target, as it is written there. Not by `new URL`: it throws for what anybody may send ("//"), and what is
 * thrown in the listener ends the process.
 */
const pathOf = (target: string): string => target.replace(ORIGIN, "").split(/[?#]/, 1)[0] ?? "";

async function listen(server: Server, address: string, variable: string): Promise<string> {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostOf(address), resolve);
  }).catch((thrown: unknown) => {
    throw new OzoneError(
      "unavailable",
      `The address ${address} can't be listened on (${messageOf(thrown)}); set ${variable} to a free one.`,
      { cause: thrown },
    );
  });
  return `${address.slice(0, address.lastIndexOf(":"))}:${(server.address() as AddressInfo).port}`;
}

/** What is told of a program. */
export interface Told {
  /** Each part: "ok", or what is wrong with it. Never rejects, and answers within seconds. */
  readonly lookAtParts: () => Promise<{ readonly ready: boolean }>;
  /** Brings the gauges up to date. */
  readonly lookAtGauges: () => Promise<void>;
  /** Of prom-client. */
  readonly registry: { readonly contentType: string; metrics(): Promise<string> };
}

const pagesOf = ({ lookAtParts, lookAtGauges, registry }: Told): ReadonlyMap<string, Page> =>
  new Map([
    ["/healthz", async () => jsonAnswer(200, { alive: true })],
    [
      "/readyz",
      async () => {
        const readiness = await lookAtParts();
        return jsonAnswer(readiness.ready ? 200 : 503, readiness);
      },
    ],
    [
      "/metrics",
      async () => {
        await lookAtGauges();
        return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
      },
    ],
  ]);

/**
 * Serves /healthz, /readyz and /metrics until it is stopped.
 * @param variable what the address was set by, for the sentence
 * @throws OzoneError unavailable with one sentence when the address can't be had
 */
export async function servePages(address: string, variable: string, told: Told): Promise<PageServer> {
  const pages = pagesOf(told);
  const server = createServer((request, response) => {
    const page = pages.get(pathOf(request.url ?? ""));
    if (request.method !== "GET" || page === undefined) {
      send(response, jsonAnswer(request.method === "GET" ? 404 : 405, { pages: [...pages.keys()] }));
      return;
    }
    page()
      .catch((thrown: unknown) => jsonAnswer(500, { problem: messageOf(thrown) }))
      .then((answer) => send(response, answer));
  });
  const bound = await listen(server, address, variable);
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { address: bound, stop };
}
