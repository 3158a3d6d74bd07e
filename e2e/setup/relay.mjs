// Passes connections on: `node relay.mjs LISTEN TARGET`, each host:port or the path of a Unix socket, which reaches from one
// network namespace into another. It prints "relaying" when it listens. For tests only.
import { connect, createServer } from "node:net";

const place = (text) =>
  text.startsWith("/")
    ? { path: text }
    : { host: text.slice(0, text.lastIndexOf(":")), port: Number(text.slice(text.lastIndexOf(":") + 1)) };

const [listen = "", target = ""] = process.argv.slice(2);
createServer((near) => {
  const far = connect(place(target));
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.pipe(other);
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}).listen(place(listen), () => process.stdout.write("relaying\n"));
