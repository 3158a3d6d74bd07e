// The scripted Ollama of a schedule as a process of its own: it can be killed and started again on its port, and notes
// when it was asked to infer, which is what the checker of "one benchmark at a time" reads. Arguments: port, file of notes.

import { subscribe } from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { startScriptedOllama } from "@ozone/simulator/scripted-ollama";

const [port = "0", notes = ""] = process.argv.slice(2);
const INFERS = ["/api/generate", "/api/chat"];
const epochMs = () => performance.timeOrigin + performance.now();

/** One request: the first line when it begins, the second, with the same id, when it has ended. */
function note(line: Record<string, unknown>): void {
  appendFileSync(notes, `${JSON.stringify(line)}\n`);
}

let requests = 0;
subscribe("http.server.request.start", (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  if (!INFERS.includes(request.url ?? "")) return;
  requests += 1;
  const id = `${process.pid}-${requests}`;
  note({ id, startedMs: epochMs() });
  response.once("close", () => note({ id, endedMs: epochMs() }));
});

const { url } = await startScriptedOllama({}, Number(port));
process.stdout.write(`${JSON.stringify({ url })}\n`);
