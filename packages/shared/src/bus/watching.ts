// For whoever watches the bus: whether it is there, and how much waits in it.
import type { Bus } from "./connect.ts";
import { RESULT_STREAM, WORK_STREAM } from "./subjects.ts";

/** Asks the server for a sign of life. @throws when the connection is down; it may also stay silent */
export async function pingBus({ connection }: Bus): Promise<void> {
  await connection.rtt();
}

/**
 * Messages that nobody has acknowledged, waiting or handed out: both pipes are work queues, which drop what is acknowledged.
 * @throws when JetStream is away
 */
export async function pipeDepths({ connection }: Bus): Promise<{ work: number; results: number }> {
  const manager = await connection.jetstreamManager();
  const depth = async (stream: string) => (await manager.streams.info(stream)).state.messages;
  return { work: await depth(WORK_STREAM), results: await depth(RESULT_STREAM) };
}
