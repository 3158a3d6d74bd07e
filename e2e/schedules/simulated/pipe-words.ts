// What lies in the simulated pipe, and how the NATS client says that something went wrong.
import { NatsError } from "nats";
import type { SimulatedProcess } from "./process.ts";

export interface Stored {
  readonly stream: string;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers: { get(name: string): string } | undefined;
  deliveries: number;
  /** In hand until then; 0: waits. */
  pendingUntilMs: number;
}

/** What of a stream's configuration the simulation keeps to. */
export interface StreamWords {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly max_msgs_per_subject?: number;
}

export interface SimulatedStream {
  readonly config: StreamWords;
  readonly filter: string;
  readonly messages: Stored[];
  readonly ids: Map<string, number>;
}

export const newStream = (config: StreamWords): SimulatedStream => ({
  config,
  filter: config.subjects[0] ?? "",
  messages: [],
  ids: new Map(),
});

/** Lays a message down, so many times. */
export function put(messages: Stored[], message: Stored, copies = 1): void {
  for (let copy = 0; copy < copies; copy += 1) messages.push({ ...message });
}

/** How many messages of one subject lie there. */
export const depthOf = (messages: readonly Stored[], subject: string): number =>
  messages.filter((one) => one.subject === subject).length;

/** Whether one subject has all that it may have in a stream: a machine's share of the results. */
export const isFull = (
  { max_msgs_per_subject: max = 0 }: StreamWords,
  messages: readonly Stored[],
  subject: string,
): boolean => max > 0 && depthOf(messages, subject) >= max;

export interface Subscription {
  readonly subject: string;
  readonly owner: SimulatedProcess | undefined;
  readonly link: Link;
  readonly callback: (error: null, message: object) => void;
}

/** The way between one process and the server. */
export interface Link {
  toServer: boolean;
  fromServer: boolean;
}

export type PublishOptions = { msgID?: string; timeout?: number; headers?: { get(name: string): string } };

export const DEDUPLICATION_MS = 120_000;
export const REMEMBERED_MAX = 8;
export const timeout = () => new NatsError("TIMEOUT", "TIMEOUT");
export const noResponders = () => new NatsError("503", "503");
/** How 2.9 says that a subject has its share. */
export const full = () => new NatsError("maximum messages per subject exceeded", "503");
export function missing(): NatsError {
  const error = new NatsError("not found", "404");
  error.api_error = { code: 404, err_code: 10_014, description: "not found" };
  return error;
}
/** It, if it is there. @throws what the server says of what is not */
export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw missing();
  return value;
}
export const matches = (filter: string, subject: string) =>
  filter === subject || (filter.endsWith(".*") && subject.startsWith(filter.slice(0, -1)));

/** What the server says of a consumer: a message in hand counts as one that waits. */
export const consumerInfo = (
  { filter, ackWaitMs }: { readonly filter: string; readonly ackWaitMs: number },
  { messages }: SimulatedStream,
) => ({
  config: { ack_wait: ackWaitMs * 1e6 },
  num_pending: messages.filter(({ subject }) => matches(filter, subject)).length,
  num_ack_pending: 0,
});
