// Starts and stops one scripted Ollama on a port of its own.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ModelStore } from "./model-store.ts";
import { paceSource } from "./pace.ts";
import { seededRandom } from "./random.ts";
import { handle } from "./routes.ts";
import { Scheduler } from "./scheduler.ts";
import type { Script, ScriptChange } from "./script.ts";
import { changeScript, defaultScript } from "./script.ts";
import { Wire } from "./wire.ts";
import type { RecordedRequest, World } from "./world.ts";

/** A running scripted server. */
export interface ScriptedOllama {
  /** Such as http://127.0.0.1:41234, without a slash at the end. */
  readonly url: string;
  /** Every request since the start, in order. */
  readonly requests: RecordedRequest[];
  /**
   * Changes the script from the next request on. What is loaded stays loaded; samples are counted from 1 again; new `models`
   * replace all present ones, created ones included.
   */
  set(change: ScriptChange): void;
  /** Cuts all connections, stops all clocks and closes the port. */
  stop(): Promise<void>;
}

/** Starts a scripted server on a free port of 127.0.0.1; `port` asks for a certain one. */
export async function startScriptedOllama(change: ScriptChange = {}, port = 0): Promise<ScriptedOllama> {
  const stopping = new AbortController();
  const world = newWorld(changeScript(defaultScript(), change), stopping.signal);
  const requests: RecordedRequest[] = [];
  const server = createServer({ noDelay: true, keepAliveTimeout: 30_000 }, (request, response) => {
    void handle(world, request, { wire: new Wire(response), requests });
  });
  // A client that resets its connection is part of the play.
  server.on("clientError", (_error, socket) => socket.destroy());
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    set: (next) => applyChange(world, next),
    stop: () => {
      stopping.abort();
      world.scheduler.stop();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

function newWorld(script: Script, stopping: AbortSignal): World {
  const world: World = {
    script,
    store: new ModelStore(script.models),
    scheduler: new Scheduler(() => world.script, stopping),
    nextPace: paceSource(script.pace),
    noise: seededRandom(script.jitter.seed),
    samplesBegun: 0,
    stopping,
  };
  return world;
}

function applyChange(world: World, change: ScriptChange): void {
  world.script = changeScript(world.script, change);
  world.samplesBegun = 0;
  if (change.models !== undefined) world.store.replace(change.models);
  if (change.pace !== undefined) world.nextPace = paceSource(change.pace);
  if (change.jitter !== undefined) world.noise = seededRandom(change.jitter.seed);
}
