// The managed server as a trial needs it: implements the port of measure/ with what this room can do.
import { TrialFailure } from "@ozone/shared/failure";
import { readAvailableBytes } from "../machine/available-memory.ts";
import type { ConditionsPort, ManagedPort, ManagedServer, RoomPort, SamplerPort } from "../measure/ports.ts";
import { describeEngine } from "../ollama/describe-engine.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { makeMemoryGroup } from "./memory-group.ts";
import { limitsFor, type MemoryLimits, watchMemory } from "./memory-watch.ts";
import { type PlanOptions, planServer, type ServerPlan } from "./plan-server.ts";
import { type StartedServer, startServer } from "./start-server.ts";

/** What managed servers of an agent have in common. */
export interface ManagedOptions extends PlanOptions {
  /** Folder for notes. */
  readonly folder: string;
  readonly conditionsOf: (engineUrl: string) => ConditionsPort;
  readonly samplerOf: (engineUrl: string) => SamplerPort;
  /** Room on this machine, for a server that surely runs here. */
  readonly room: RoomPort;
  /** In place of what the machine has room for: for tests. */
  readonly limits?: MemoryLimits;
}

/** Makes the port. */
export const managedServers = (options: ManagedOptions): ManagedPort => ({
  async open(order, signal): Promise<ManagedServer> {
    const { configuration } = order;
    if (configuration === undefined)
      throw new TrialFailure("internal", `The order ${order.trialId} has no configuration.`);
    const plan = await planServer(options, signal);
    if ("problem" in plan) throw new TrialFailure("option_refused", plan.problem);
    const limits = options.limits ?? limitsFor(readAvailableBytes());
    const { env, folder } = options;
    const server = await startServer({ plan, configuration, env, folder, signal });
    const warnings = await warningsOf(plan, server, options.engineUrl, signal);
    return managedServer(server, { limits, warnings, options });
  },
});

const KERNEL_ENDED_IT =
  "The managed server reached the memory that it may have on this machine, and the kernel ended a process of it. Use a smaller num_ctx, num_batch or concurrency.";

function managedServer(
  server: StartedServer,
  {
    limits,
    warnings,
    options,
  }: { limits: MemoryLimits; warnings: ManagedServer["warnings"]; options: ManagedOptions },
): ManagedServer {
  let exhausted: string | null = null;
  const { mark, pid } = server.process;
  const group = limits.ownBytes === null ? null : makeMemoryGroup(`managed-${mark}`, limits.ownBytes);
  group?.add(pid);
  const watch = watchMemory(pid, limits, (sentence) => {
    exhausted = sentence;
    void server.kill();
  });
  return {
    url: server.url,
    settings: server.settings,
    warnings,
    conditions: options.conditionsOf(server.url),
    sampler: options.samplerOf(server.url),
    room: options.room,
    logged: () => server.log.settings,
    outOfMemory: () => exhausted ?? (group?.kills() ? KERNEL_ENDED_IT : null),
    endedEarly() {
      const how = server.ended();
      return how === null
        ? null
        : `The managed server ${how}; its log says: ${server.log.lastWords() || "nothing"}.`;
    },
    async stop() {
      watch.stop();
      const problem = await server.stop();
      group?.remove();
      return problem;
    },
  };
}

/** What a reader of the numbers should know about this server beside the user's own. */
async function warningsOf(
  plan: ServerPlan,
  server: StartedServer,
  engineUrl: string,
  signal: AbortSignal,
): Promise<ManagedServer["warnings"]> {
  if (plan.usersVersion === "") return [];
  const { version } = await describeEngine(server.url, signal);
  const loaded = await new EngineClient(engineUrl).loaded(signal).catch(() => []);
  const names = loaded.map(({ name }) => name).join(", ");
  return [
    ...(version === plan.usersVersion
      ? []
      : [
          {
            code: "managed_other_version",
            message: `The managed server is version ${version}, the user's own at ${engineUrl} is ${plan.usersVersion}; the figures are those of version ${version}.`,
          },
        ]),
    ...(names === ""
      ? []
      : [
          {
            code: "users_model_loaded",
            message: `${names} was loaded on the user's own server and was left alone; it takes memory from the managed server and, while it answers, speed.`,
          },
        ]),
  ];
}
