// The wire writes no faster than the client reads, and its waits end with the connection.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { Wire } from "./wire.ts";

it("bytes for a client that does not read are not piled up, and end when it leaves", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client.pause();
  try {
    client.write("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
    const wire = new Wire(response);
    const writing = wire.bytes(50_000_000);
    await expect.poll(() => response.writableNeedDrain).toBe(true);
    expect(response.writableLength).toBeLessThan(1_000_000);
    client.destroy();
    await writing;
    await wire.untilGone();
    expect(wire.gone.aborted).toBe(true);
  } finally {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
