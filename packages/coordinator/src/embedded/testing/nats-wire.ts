// Speaks just enough of the NATS protocol to prove that a server lets us in and keeps our messages.
import { connect } from "node:net";

/**
 * Connects with the URL's credentials and makes one request.
 * @returns the reply's payload, or the server's "-ERR ..." line.
 */
export function natsRequest(url: string, subject: string, payload: object | string): Promise<string> {
  const { hostname, port, username, password } = new URL(url);
  const login = {
    verbose: false,
    pedantic: false,
    user: username,
    pass: password,
    lang: "test",
    version: "1",
  };
  const body = typeof payload === "string" ? payload : JSON.stringify(payload);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    let received = "";
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(
      () => finish(() => reject(new Error(`No reply; received so far: ${received}`))),
      10_000,
    );
    socket.once("error", (error) => finish(() => reject(error)));
    socket.on("connect", () => {
      socket.write(`CONNECT ${JSON.stringify(login)}\r\nSUB reply.here 1\r\n`);
      socket.write(`PUB ${subject} reply.here ${Buffer.byteLength(body)}\r\n${body}\r\n`);
    });
    socket.on("data", (chunk) => {
      received += chunk.toString("utf8");
      const refusal = /^-ERR .*$/m.exec(received)?.[0];
      if (refusal !== undefined) return finish(() => resolve(refusal.trim()));
      const reply = /^MSG reply\.here 1 +(\d+)\r\n/m.exec(received);
      if (reply === null) return;
      const start = reply.index + reply[0].length;
      const size = Number(reply[1]);
      if (received.length >= start + size) finish(() => resolve(received.slice(start, start + size)));
    });
  });
}
