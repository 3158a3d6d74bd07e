// Streams and consumers, made when missing. JetStream is a pipe: all of this can be wiped and is built again from Postgres.
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamManager,
  NatsError,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import type { Bus } from "./connect.ts";
import { INTAKE_CONSUMER, RESULT_STREAM, subjects, WORK_STREAM, workConsumer } from "./subjects.ts";

const NANOSECONDS_PER_MS = 1_000_000;
/** An order that nobody works on for so long is delivered again. Workers say so at a third of it. */
export const ACK_WAIT_MS = 30_000;

const NOT_FOUND = 404;

/** Whether JetStream said that a stream or consumer is not there. */
export const isMissing = (thrown: unknown): boolean =>
  thrown instanceof NatsError && thrown.api_error?.code === NOT_FOUND;

const pipe = (name: string, subject: string): Partial<StreamConfig> & { name: string } => ({
  name,
  subjects: [subject],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  // New messages are refused when it is full (the sender keeps them); old ones are never dropped in silence.
  discard: DiscardPolicy.New,
  max_bytes: 512 * 1024 * 1024,
});

async function ensureStream(manager: JetStreamManager, config: Partial<StreamConfig> & { name: string }) {
  try {
    await manager.streams.info(config.name);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await manager.streams.add(config);
  }
}

async function ensureConsumer(bus: Bus, stream: string, name: string, filter: string): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  try {
    await manager.consumers.info(stream, name);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      ack_wait: ACK_WAIT_MS * NANOSECONDS_PER_MS,
      filter_subject: filter,
      max_ack_pending: name === INTAKE_CONSUMER ? 5_000 : 1,
    });
  }
}

/** Makes the two streams and the intake's consumer when they are missing. */
export async function ensureStreams(bus: Bus): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  await ensureStream(manager, pipe(WORK_STREAM, subjects.allWork));
  await ensureStream(manager, pipe(RESULT_STREAM, subjects.allResults));
  await ensureConsumer(bus, RESULT_STREAM, INTAKE_CONSUMER, subjects.allResults);
}

/** Makes the consumer of one machine's orders when it is missing. */
export const ensureWorkConsumer = (bus: Bus, machineId: string): Promise<void> =>
  ensureConsumer(bus, WORK_STREAM, workConsumer(machineId), subjects.work(machineId));
