// A user-space TCP proxy on loopback between a client and a server: what stands in for the network where that is to
// fail. Bytes that are held back arrive late, as they do when a real network comes back; nothing is lost inside a
// connection that lives on.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** How the network fails: bytes held back in one direction or both, or connections cut and refused. */
export const CUTS = ["both ways", "to the server", "to the client", "refused"] as const;
/** One of them. */
export type Cut = (typeof CUTS)[number];

/** One connection of a client and its counterpart to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A running proxy. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #upstreamPort: number;
  #cut: Cut | null = null;

  private constructor(upstreamPort: number) {
    this.#upstreamPort = upstreamPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** Listens on a free port of 127.0.0.1 and passes everything on to `upstreamPort` there. */
  static async start(upstreamPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(upstreamPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Lets the network fail in that way, for connections that are there and for new ones. */
  cut(how: Cut): void {
    this.#cut = how;
    for (const pair of this.#pairs) this.#obey(pair);
  }

  /** The network is whole again; what was held back goes on its way. */
  heal(): void {
    this.#cut = null;
    for (const pair of this.#pairs) this.#obey(pair);
  }

  async stop(): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #accept(client: Socket): void {
    if (this.#cut === "refused") {
      client.resetAndDestroy();
      return;
    }
    const pair = { client, server: connect({ host: "127.0.0.1", port: this.#upstreamPort }) };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      pair.client.destroy();
      pair.server.destroy();
    };
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true);
      // A connection that was reset is an end like any other; "close" follows.
      socket.on("error", () => undefined);
      socket.on("close", end);
    }
    pass(pair.client, pair.server);
    pass(pair.server, pair.client);
    this.#obey(pair);
  }

  #obey({ client, server }: Pair): void {
    if (this.#cut === "refused") {
      client.resetAndDestroy();
      server.destroy();
      return;
    }
    hold(client, this.#cut === "both ways" || this.#cut === "to the server");
    hold(server, this.#cut === "both ways" || this.#cut === "to the client");
  }
}

/** What one side says is written to the other. The messages are small: they may wait in memory. */
function pass(from: Socket, to: Socket): void {
  from.on("data", (chunk) => {
    if (!to.destroyed) to.write(chunk);
  });
}

function hold(socket: Socket, held: boolean): void {
  if (held) socket.pause();
  else socket.resume();
}
