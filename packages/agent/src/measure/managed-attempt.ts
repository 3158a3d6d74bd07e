// A managed attempt: a server of our own around the same protocol, started for it alone and stopped however it went.
import { create } from "@bufbuild/protobuf";
import { FailureSchema, type TrialOrder, type TrialResult, WarningSchema } from "@ozone/proto/trial";
import { messageOf } from "@ozone/shared/errors";
import type { FailureClass } from "@ozone/shared/failure";
import { TrialFailure } from "@ozone/shared/failure";
import type { ManagedServer, TrialPorts } from "./ports.ts";

/** Whether an order asks for what only a server's environment can set. */
export const needsManagedServer = ({ configuration, protocol }: TrialOrder): boolean =>
  protocol?.managed === true || Boolean(configuration?.kvCacheType) || Boolean(configuration?.flashAttention);

/**
 * Runs `attempt` against a managed server. What it returns is its result, with the server's own reasons where there are.
 * @throws TrialFailure when there is no server to run against
 */
export async function onManagedServer(
  order: TrialOrder,
  ports: TrialPorts,
  attempt: (ports: TrialPorts) => Promise<TrialResult>,
): Promise<TrialResult> {
  if (ports.managed === undefined) {
    throw new TrialFailure(
      "option_refused",
      "This agent does not start servers of its own; leave kv_cache_type and flash_attention out.",
    );
  }
  ports.onActivity("starting a managed server");
  const server = await ports.managed.open(order, ports.signal);
  let notStopped: string | null = null;
  let result: TrialResult;
  try {
    const { url, conditions, sampler } = server;
    result = await attempt({ ...ports, engineUrl: url, conditions, sampler, managedServer: server });
    explainFailure(result, server);
  } finally {
    ports.onActivity("stopping the managed server");
    notStopped = await server
      .stop()
      .catch((thrown: unknown) => `The managed server could not be ended: ${messageOf(thrown)}.`);
  }
  const left = notStopped === null ? [] : [{ code: "not_cleaned_up", message: notStopped }];
  result.warnings.push(...[...server.warnings, ...left].map((warning) => create(WarningSchema, warning)));
  return result;
}

/** A server that is gone looks like a connection that broke; the server knows why. */
function explainFailure(result: TrialResult, server: ManagedServer): void {
  const { failure } = result;
  if (failure === undefined || failure.failureClass === "cancelled") return;
  const exhausted = server.outOfMemory();
  const ended = server.endedEarly();
  if (exhausted !== null) {
    const failureClass: FailureClass =
      result.loadMs.length === 0 ? "out_of_memory_load" : "out_of_memory_run";
    result.failure = create(FailureSchema, { failureClass, message: exhausted });
  } else if (ended !== null) {
    const failureClass: FailureClass = "runner_crashed";
    result.failure = create(FailureSchema, { failureClass, message: `${failure.message} ${ended}` });
  }
}
