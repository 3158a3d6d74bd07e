// A real HTTP server that receives notifications, and answers as it is told to.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { type Endpoint, openEndpoint } from "../endpoint.ts";

/** What it got, if its signature is right. */
export interface Received {
  readonly path: string;
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How it answers: a status; redirected there; "cut": the connection ends without a word; "silent": nothing, ever. */
export type Answer = number | { readonly to: string } | "cut" | "silent";

/** A running receiver. */
export class Receiver {
  readonly secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
  readonly received: Received[] = [];
  /** One for each request to come; after them 204. */
  readonly answers: Answer[] = [];
  url = "";
  readonly #server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      this.#take(request.url ?? "", request.headers, body);
      this.#answer(response);
    });
  });

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    receiver.url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}`;
    return receiver;
  }

  /** As the specification's library reads it; it throws for a wrong signature or an old timestamp. */
  #take(path: string, headers: IncomingHttpHeaders, body: string): void {
    const { type, data } = new Webhook(this.secret).verify(
      body,
      headers as Record<string, string>,
    ) as Received;
    this.received.push({ path, id: String(headers["webhook-id"]), type, data });
  }

  #answer(response: ServerResponse): void {
    const answer = this.answers.shift() ?? 204;
    if (answer === "silent") return;
    if (answer === "cut") response.destroy();
    else if (typeof answer === "number") response.writeHead(answer).end("a body that nobody reads");
    else response.writeHead(307, { location: answer.to }).end();
  }

  async endpoint(path = "/hook"): Promise<Endpoint> {
    const settings = { url: `${this.url}${path}`, secret: this.secret, secretPath: null };
    return (await openEndpoint(settings)) as Endpoint;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
