// Orders to machines: publish on the coordinator's side, take one at a time on the agent's.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type TrialOrder, TrialOrderSchema } from "@ozone/proto/trial";
import { type JsMsg, NatsError } from "nats";
import type { Bus } from "./connect.ts";
import { isMissing, orderAckWaitMs } from "./streams.ts";
import { subjects, WORK_STREAM, workConsumer } from "./subjects.ts";

/** An order in hand. While it is worked on, it is kept by `working()`; it ends with `done()`. */
export interface TakenOrder {
  readonly order: TrialOrder;
  /** Tells the stream that the order is being worked on. */
  working(): void;
  /** The order is settled (its result is safe in the outbox, or it is void): it leaves the stream. */
  done(): void;
  /** The order is not for now: it lies in the pipe again, for the next one who takes an order of this machine. */
  giveBack(): void;
}

/** How often a worker says that it is alive. */
export const workingIntervalMs = (leaseMs: number): number => orderAckWaitMs(leaseMs) / 3;

/**
 * Publishes an order. The message id makes a repeated publish of the same attempt one message.
 * @throws when the stream does not confirm it.
 */
export async function publishTrialOrder(bus: Bus, order: TrialOrder): Promise<void> {
  await bus.connection
    .jetstream()
    .publish(subjects.work(order.machineId), toBinary(TrialOrderSchema, order), {
      msgID: `${order.trialId}.${order.attempt}`,
      timeout: 5_000,
    });
}

/** Whether an order lies in the pipe for this machine, or is in its hand. @throws when the server is away. */
export async function orderWaits(bus: Bus, machineId: string): Promise<boolean> {
  const manager = await bus.connection.jetstreamManager();
  try {
    const waiting = await manager.consumers.info(WORK_STREAM, workConsumer(machineId));
    return waiting.num_pending + waiting.num_ack_pending > 0;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}

function parseOrder(message: JsMsg, machineId: string): TrialOrder | null {
  try {
    const order = fromBinary(TrialOrderSchema, message.data);
    // A machine can have itself answered on our subject, whatever its permissions are.
    if (order.machineId === machineId) return order;
  } catch {
    // Not an order of any version we know.
  }
  // It can never be worked on, so it must not block the queue. Acknowledged, not terminated: nats-server 2.9 does not
  // know `+TERM` with a reason, and would deliver it again and again.
  message.ack();
  return null;
}

/** What `work` gives, or null as soon as `signal` aborts. Nothing stays on the signal: it lives as long as its agent. */
async function unlessAborted<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value | null> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<null>((resolve) => {
    leave = () => resolve(null);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/**
 * Waits for the next order of this machine.
 * @param signal ends the waiting; an order that arrives afterwards is delivered again later.
 * @returns null when none came within `waitMs`, or `signal` aborted.
 * @throws when the consumer is missing or the server is away; the caller backs off and announces itself again.
 */
export async function takeTrialOrder(
  bus: Bus,
  machineId: string,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<TakenOrder | null> {
  const consumer = await bus.connection.jetstream().consumers.get(WORK_STREAM, workConsumer(machineId));
  const message = await unlessAborted(signal, consumer.next({ expires: waitMs }));
  if (!message) return null;
  const order = parseOrder(message, machineId);
  if (!order) return null;
  return {
    order,
    working: () => message.working(),
    done: () => message.ack(),
    giveBack: () => message.nak(),
  };
}

/** Whether an error of the bus is worth no more than another try (server away, consumer being made again). */
export const isBusError = (thrown: unknown): boolean => thrown instanceof NatsError;
