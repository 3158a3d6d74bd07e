// The runner: a child process that loads one model and generates with it until the server lets go of it.
//
// It never disposes of a model (node-llama-cpp's dispose sometimes never settles) and never ends by itself in a way that
// looks like success: the server believes messages, not exit codes. When the IPC channel closes, which also happens when
// the server is killed, it kills itself, so that no native clean-up can keep it alive.
import { formatLogLine, type LogLevel } from "../log.ts";
import { Generator } from "./generator.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import type { FromRunner, ToRunner } from "./messages.ts";

let loaded: LoadedModel | undefined;
let generator: Generator | undefined;

// The server reads this log; if it is gone, `disconnect` says so.
process.stderr.on("error", () => undefined);
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
// Ctrl-C reaches the whole process group; the server decides what happens then.
process.on("SIGINT", () => undefined);
process.on("message", (message: ToRunner) => {
  switch (message.type) {
    case "load":
      void load(message.request);
      break;
    case "generate":
      generator?.submit(message.id, message.request);
      break;
    case "cancel":
      generator?.cancel(message.id);
      break;
    case "count":
      tell({ type: "counted", id: message.id, tokens: loaded?.model.tokenize(message.text).length ?? 0 });
      break;
  }
});

async function load(request: Extract<ToRunner, { type: "load" }>["request"]): Promise<void> {
  try {
    loaded = await loadModel(request, (level, line) => log(level, line));
    generator = new Generator(loaded.model, {
      token: (id, text) => tell({ type: "token", id, text }),
      done: (id, result) => tell({ type: "done", id, result }),
      failed: (id, failure, text) => tell({ type: "failed", id, failure, message: text }),
      note: (text, fields) => log("WARN", text, fields),
    });
    tell({ type: "loaded", facts: loaded.facts });
  } catch (error) {
    tell({ type: "load-failed", message: messageOf(error) });
    return;
  }
  try {
    await generator.run();
  } catch (error) {
    log("ERROR", messageOf(error));
    process.exit(1);
  }
}

function tell(message: FromRunner): void {
  // A closed channel means that the server is gone; `disconnect` ends this process.
  if (process.connected) process.send?.(message);
}

function log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stderr.write(
    `${formatLogLine({ time: new Date().toISOString(), level, msg: message, source: "runner", ...fields })}\n`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
