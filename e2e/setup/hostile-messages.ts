// What an enrolled machine that means harm sends: more than it may, and what no client library would send for it.
import { connect as connectSocket } from "node:net";
import { type Bus, publishResultBytes, signText } from "@ozone/shared/bus";
import type { Enrolled } from "../../packages/agent/src/enrolment/enrol.ts";

/** Publishes so many results of 900 KiB without waiting in between. @returns how many the stream took */
export async function flood(
  bus: Bus,
  machineId: string,
  count: number,
): Promise<{ taken: number; said: string[] }> {
  const attempts = Array.from({ length: count }, (_, number) => {
    const payload = new Uint8Array(900 * 1024).fill(number);
    return publishResultBytes(bus, machineId, { trialId: `t-${number}`, attempt: 1, payload });
  });
  const settled = await Promise.allSettled(attempts);
  const said = settled.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
  return { taken: count - said.length, said: [...new Set(said)] };
}

/** Publishes so many of its own control messages without waiting in between. @returns how many were answered so far */
export async function floodControl(
  { connection }: Bus,
  subject: { readonly kind: "heartbeat" | "announce"; readonly machineId: string },
  { count, message }: { readonly count: number; message(number: number): Uint8Array },
): Promise<() => number> {
  let answers = 0;
  const { kind, machineId } = subject;
  const reply = `_INBOX_${machineId}.${kind}-flood`;
  connection.subscribe(reply, {
    callback: () => {
      answers += 1;
    },
  });
  for (let number = 0; number < count; number += 1) {
    connection.publish(`ozone.v1.${kind}.${machineId}`, message(number), { reply });
  }
  await connection.flush();
  return () => answers;
}

/** Announces a message without a client's own limits, as the machine that it is: all that the server says until it hangs up. */
export async function pushRaw({ busUrl, identity }: Enrolled, line: string): Promise<string> {
  const { hostname, port } = new URL(busUrl.replace(/^nats:/, "http:"));
  const socket = connectSocket({ host: hostname, port: Number(port) });
  const nkey = identity.key.publicKey;
  let said = "";
  let isGreeted = false;
  socket.on("error", () => undefined);
  socket.on("data", (chunk) => {
    said += String(chunk);
    if (!isGreeted && said.includes("\r\n")) {
      isGreeted = true;
      const { nonce } = JSON.parse(said.slice(5, said.indexOf("\r\n"))) as { nonce: string };
      const sig = Buffer.from(signText(identity.key, nonce)).toString("base64url");
      const hello = { verbose: false, protocol: 1, lang: "test", version: "0", nkey, sig };
      socket.write(`CONNECT ${JSON.stringify(hello)}\r\nPING\r\n`);
    }
    if (String(chunk).includes("PONG")) socket.write(line);
  });
  // Being hung up on is what is waited for.
  await new Promise((resolve) => socket.once("close", resolve));
  return said;
}

/** What names can hold that a terminal, a page, a table, a shell, a query or a path might take for more than a name. */
export const HOSTILE_NAMES = [
  "\u001b[31mred\u001b[0m\u0007\r\n",
  "<script>alert(1)</script><img src=x onerror=alert(2)>",
  '=cmd|"/c calc"!A1',
  "'); drop table results; --",
  "$(touch pwned) `id` ; rm -rf .",
  "../../../../etc/passwd",
  "- {a: *b}\n? !!js/function",
  "\u202eright to left\u0000\u009b",
];
