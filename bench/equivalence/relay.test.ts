import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Relay, startRelay } from "./relay.ts";

const seen: string[] = [];
const server = createServer((asked, answer) => {
  let body = "";
  asked.on("data", (chunk) => {
    body += chunk;
  });
  asked.on("end", () => {
    seen.push(`${asked.method} ${body.length}`);
    answer.end(`answer to ${body.length}`);
  });
});
let relay: Relay;
let release: () => void;
let recognised: number;

beforeEach(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  seen.length = 0;
  recognised = 0;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  relay = await startRelay(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    recognise: (text) => {
      const found = text.includes('"mark":1');
      if (found) recognised += 1;
      return found;
    },
    beforeQuestion: () => held,
  });
});

afterEach(async () => {
  await relay.close();
  server.close();
});

function ask(method: "GET" | "POST", pieces: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-length": pieces.join("").length };
    const asked = request(`${relay.url}/`, { method, agent: false, headers }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => resolve(text));
    });
    asked.on("error", reject);
    for (const piece of pieces) asked.write(piece);
    asked.end();
  });
}

describe("the relay", () => {
  it("holds questions back until it may go on, and lets requests for text pass meanwhile", async () => {
    const question = ask("GET");
    expect(await ask("POST", ["x".repeat(100_000)])).toBe("answer to 100000");
    expect(seen).toEqual(["POST 100000"]);
    release();
    expect(await question).toBe("answer to 0");
  });

  it("recognises a request once, also one that comes in pieces", async () => {
    await ask("POST", ["x".repeat(200_000), '"ma', 'rk":1', "y".repeat(200_000)]);
    expect(recognised).toBe(1);
    await ask("POST", ['"mark":1']);
    expect(recognised).toBe(2);
  });
});
