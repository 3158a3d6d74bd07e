// The scripted Ollama as a process of its own, so that its timers share no event loop with the client that measures it. It reads
// one JSON object per line from stdin: each is a change of the script, the first one may be {}. It answers the first line with
// {"url": ...} on stdout and ends when stdin is closed.
import { createInterface } from "node:readline";
import type { ScriptChange } from "./script.ts";
import type { ScriptedOllama } from "./server.ts";
import { startScriptedOllama } from "./server.ts";

let server: ScriptedOllama | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const change = JSON.parse(line) as ScriptChange;
  if (server === undefined) {
    server = await startScriptedOllama(change);
    process.stdout.write(`${JSON.stringify({ url: server.url })}\n`);
  } else {
    server.set(change);
    process.stdout.write(`${JSON.stringify({ changed: true })}\n`);
  }
}
await server?.stop();
