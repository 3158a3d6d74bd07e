// The proxy between real sockets: what it holds back arrives late, in the one direction that was cut, and a refused
// connection is one.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

let server: Server;
let proxy: TcpProxy;
let served: Promise<Socket>;
const open = new Set<Socket>();

beforeEach(async () => {
  server = createServer();
  served = new Promise((resolve) => server.once("connection", resolve));
  server.on("connection", (socket) => socket.on("error", () => undefined));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await TcpProxy.start((server.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  open.clear();
  await proxy.stop();
  server.close();
});

/** All that a socket has heard so far. */
function hearing(socket: Socket): () => string {
  let heard = "";
  socket.on("data", (chunk) => {
    heard += String(chunk);
  });
  return () => heard;
}

/** Resolves at the end of a connection, however it ends. */
const ended = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once("close", () => resolve()));

function dial(): Socket {
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  open.add(socket);
  socket.on("error", () => undefined);
  return socket;
}

async function client(): Promise<Socket> {
  const socket = dial();
  await once(socket, "connect");
  return socket;
}

describe("the proxy", () => {
  it("holds back one direction, passes the other on, and lets everything through once it is healed", async () => {
    const here = await client();
    const there = await served;
    const [heardHere, heardThere] = [hearing(here), hearing(there)];
    here.write("one");
    await expect.poll(heardThere).toBe("one");
    proxy.cut("to the server");
    here.write(" two");
    there.write("answer");
    await expect.poll(heardHere).toBe("answer");
    expect(heardThere()).toBe("one");
    proxy.heal();
    await expect.poll(heardThere).toBe("one two");
  });

  it("holds back what comes over a connection that was made while it was cut", async () => {
    proxy.cut("to the client");
    const here = await client();
    const there = await served;
    const [heardHere, heardThere] = [hearing(here), hearing(there)];
    there.write("late");
    here.write("asked");
    await expect.poll(heardThere).toBe("asked");
    expect(heardHere()).toBe("");
    proxy.heal();
    await expect.poll(heardHere).toBe("late");
  });

  it("cuts what is open and refuses what is new", async () => {
    const here = await client();
    await served;
    const cut = ended(here);
    proxy.cut("refused");
    await cut;
    await ended(dial());
    proxy.heal();
    const again = await client();
    expect(again.destroyed).toBe(false);
  });
});
