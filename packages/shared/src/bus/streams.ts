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
import { messageOf, OzoneError } from "../errors.ts";
import { MESSAGE_BYTES_MAX, RESULTS_PER_MACHINE_MAX } from "../limits.ts";
import type { Bus } from "./connect.ts";
import { INTAKE_CONSUMER, RESULT_STREAM, subjects, WORK_STREAM, workConsumer } from "./subjects.ts";

const NANOSECONDS_PER_MS = 1_000_000;
/** A batch of results that nobody acknowledges for so long is delivered again. */
const INTAKE_ACK_WAIT_MS = 30_000;

/**
 * An order that nobody works on for so long is delivered again: shorter than the lease, so that an agent that was
 * killed and came back takes the same attempt up again.
 */
export const orderAckWaitMs = (leaseMs: number): number => Math.round((leaseMs * 2) / 3);

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

/** One machine's results wait in a bounded part of the stream: a flood of one must not keep the others' results out. */
const oneMachinesShare: Partial<StreamConfig> = {
  max_msgs_per_subject: RESULTS_PER_MACHINE_MAX,
  discard_new_per_subject: true,
  max_msg_size: MESSAGE_BYTES_MAX,
};

/** What this version says about a stream that is there: it may have been made by an earlier one, or on fewer servers. */
const isAsWanted = (now: StreamConfig, wanted: Partial<StreamConfig>): boolean =>
  now.max_msgs_per_subject === (wanted.max_msgs_per_subject ?? now.max_msgs_per_subject) &&
  now.num_replicas === (wanted.num_replicas ?? now.num_replicas);

async function ensureStream(manager: JetStreamManager, config: Partial<StreamConfig> & { name: string }) {
  try {
    const { config: now } = await manager.streams.info(config.name);
    if (!isAsWanted(now, config)) await manager.streams.update(config.name, { ...now, ...config });
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await manager.streams.add(config);
  }
}

const cantBeKept = (replicas: number, reason: string, cause?: unknown): OzoneError =>
  new OzoneError(
    "unavailable",
    `The streams can't be kept on ${replicas} servers of this NATS (${reason}): start as many with JetStream in one cluster, or correct OZONE_NATS_REPLICAS.`,
    { cause },
  );

/** The server's refusal, with the setting that it is about. */
const onServers = (replicas: number | null, thrown: unknown): unknown =>
  replicas !== null && thrown instanceof NatsError && thrown.api_error
    ? cantBeKept(replicas, messageOf(thrown).replace(/\.$/, ""), thrown)
    : thrown;

interface Consumer {
  readonly stream: string;
  readonly name: string;
  readonly filter: string;
  readonly ackWaitMs: number;
  readonly ackPendingMax: number;
}

async function ensureConsumer(bus: Bus, consumer: Consumer): Promise<void> {
  const { stream, name } = consumer;
  const manager = await bus.connection.jetstreamManager();
  try {
    const { config } = await manager.consumers.info(stream, name);
    const ackWait = consumer.ackWaitMs * NANOSECONDS_PER_MS;
    if (config.ack_wait !== ackWait) await manager.consumers.update(stream, name, { ack_wait: ackWait });
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
    await manager.consumers.add(stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      ack_wait: consumer.ackWaitMs * NANOSECONDS_PER_MS,
      filter_subject: consumer.filter,
      max_ack_pending: consumer.ackPendingMax,
    });
  }
}

/**
 * Makes the two streams and the intake's consumer when they are missing, on as many servers as the bus says; consumers are
 * where their stream is.
 * @throws OzoneError unavailable when the cluster has fewer servers; NatsError when JetStream is away
 */
export async function ensureStreams(bus: Bus): Promise<void> {
  const { replicas = null } = bus;
  const kept = replicas === null ? {} : { num_replicas: replicas };
  // One server alone takes the number for a stream that is there, and keeps the stream on itself.
  if ((replicas ?? 1) > 1 && !bus.connection.info?.cluster)
    throw cantBeKept(replicas ?? 1, "it is no cluster");
  try {
    const manager = await bus.connection.jetstreamManager();
    await ensureStream(manager, { ...pipe(WORK_STREAM, subjects.allWork), ...kept });
    await ensureStream(manager, {
      ...pipe(RESULT_STREAM, subjects.allResults),
      ...oneMachinesShare,
      ...kept,
    });
  } catch (thrown) {
    throw onServers(replicas, thrown);
  }
  await ensureConsumer(bus, {
    stream: RESULT_STREAM,
    name: INTAKE_CONSUMER,
    filter: subjects.allResults,
    ackWaitMs: INTAKE_ACK_WAIT_MS,
    ackPendingMax: 5_000,
  });
}

/** Makes the consumer of one machine's orders when it is missing; one order is in hand at a time. */
export const ensureWorkConsumer = (bus: Bus, machineId: string, leaseMs: number): Promise<void> =>
  ensureConsumer(bus, {
    stream: WORK_STREAM,
    name: workConsumer(machineId),
    filter: subjects.work(machineId),
    ackWaitMs: orderAckWaitMs(leaseMs),
    ackPendingMax: 1,
  });

/** Takes the orders that wait for a machine out of the pipe, with their consumer. Nothing there is no error. */
export async function dropWork(bus: Bus, machineId: string): Promise<void> {
  const manager = await bus.connection.jetstreamManager();
  try {
    await manager.consumers.delete(WORK_STREAM, workConsumer(machineId));
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
  try {
    await manager.streams.purge(WORK_STREAM, { filter: subjects.work(machineId) });
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown;
  }
}
