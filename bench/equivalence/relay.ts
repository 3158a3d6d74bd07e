// A relay of bytes between the agent and the engine that lets something else happen while the agent only asks about
// state. So the two sides can take turns within a second, and the agent needs no change and knows nothing of it.
// Requests for text and their answers pass at once: the durations that the agent reports are the engine's, and what
// the relay adds lies outside of them.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** What the relay does besides passing bytes on. */
export interface RelayWatch {
  /** Called with what has come of a request so far, before it is passed on; true when no more of it need be seen. */
  readonly recognise: (request: string) => boolean;
  /** Questions about state are passed on when this has settled. */
  readonly beforeQuestion: () => Promise<void>;
}

/** A listening relay. */
export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/** Listens on a free port of loopback. */
export async function startRelay(target: string, watch: RelayWatch): Promise<Relay> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: hostname, port: Number(port), noDelay: true });
    for (const socket of [client, upstream]) open.add(socket);
    upstream.pipe(client);
    passOn(client, upstream, watch);
    endTogether(client, upstream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Client to server: in order, questions held back. Only the pieces of a request are looked at, never those of an answer. */
function passOn(client: Socket, upstream: Socket, { recognise, beforeQuestion }: RelayWatch): void {
  let before = Promise.resolve();
  let request = "";
  let recognised = false;
  client.on("data", (piece: Buffer) => {
    const text = piece.toString("latin1");
    const begins = /^(GET|POST|HEAD|DELETE) /.test(text);
    request = begins ? text : request + text;
    recognised = (recognised && !begins) || recognise(request);
    const held = text.startsWith("GET ");
    before = before.then(held ? beforeQuestion : undefined).then(() => void upstream.write(piece));
    before.catch((reason: Error) => upstream.destroy(reason));
  });
}

function endTogether(client: Socket, upstream: Socket): void {
  client.on("close", () => upstream.destroy());
  upstream.on("close", () => client.end());
  // Either side may hang up in the middle; the other then sees the end of its connection, which says as much.
  for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
}
