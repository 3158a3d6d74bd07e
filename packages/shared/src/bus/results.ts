// Results to the coordinator and receipts back. A receipt is the only thing that lets an outbox forget a result.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Receipt, ReceiptSchema, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { ErrorCode, headers, type JsMsg, NatsError } from "nats";
import { MESSAGE_BYTES_MAX } from "../limits.ts";
import type { Bus } from "./connect.ts";
import { INTAKE_CONSUMER, machineIdOf, RESULT_STREAM, subjects } from "./subjects.ts";

/** Which attempt a message is about, readable even when its payload is not. */
export interface AttemptName {
  readonly trialId: string;
  readonly attempt: number;
}

const ATTEMPT_HEADER = "Ozone-Attempt";
const SIGNATURE_HEADER = "Ozone-Signature";
const ATTEMPT_NAME = /^([A-Za-z0-9-]{1,80})\.(\d{1,9})$/;

function attemptOf(message: JsMsg): AttemptName | null {
  const [, trialId, attempt] = ATTEMPT_NAME.exec(message.headers?.get(ATTEMPT_HEADER) ?? "") ?? [];
  return trialId && attempt ? { trialId, attempt: Number(attempt) } : null;
}

/** Of another length, or no base64: bytes that no key has signed. */
function signatureOf(message: JsMsg): Uint8Array | null {
  const text = message.headers?.get(SIGNATURE_HEADER) ?? "";
  return text === "" ? null : Buffer.from(text, "base64");
}

/** Room for the headers, which the server counts with the message: at most 90 bytes of attempt and 88 of signature, and their names. */
const HEADER_BYTES_MAX = 512;

/** Most bytes of a result that the bus takes: ours, or the server's own limit where that is smaller. */
export const resultBytesMax = ({ connection }: Bus): number =>
  Math.min(MESSAGE_BYTES_MAX, connection.info?.max_payload ?? MESSAGE_BYTES_MAX) - HEADER_BYTES_MAX;

/** JetStream's number for a message that is larger than its stream takes. */
const LARGER_THAN_STREAM_TAKES = 10_054;

/** Whether a result was refused for its size: sent again it is refused again, others are not. */
export const isTooLarge = (thrown: unknown): boolean =>
  thrown instanceof NatsError &&
  (thrown.code === ErrorCode.MaxPayloadExceeded || thrown.api_error?.err_code === LARGER_THAN_STREAM_TAKES);

/**
 * Hands a result (as its stored bytes) to the stream. No message id: a result that is sent again must be delivered
 * again, so that its receipt is; Postgres tells duplicates apart, without a window.
 * @throws NatsError when the server is away or refuses it (`isTooLarge`)
 */
export async function publishResultBytes(
  bus: Bus,
  machineId: string,
  result: AttemptName & { readonly payload: Uint8Array; readonly signature?: Uint8Array | null },
): Promise<void> {
  const about = headers();
  about.set(ATTEMPT_HEADER, `${result.trialId}.${result.attempt}`);
  if (result.signature) about.set(SIGNATURE_HEADER, Buffer.from(result.signature).toString("base64"));
  const options = { timeout: 5_000, headers: about };
  await bus.connection.jetstream().publish(subjects.result(machineId), result.payload, options);
}

/** Serialises a result: the bytes go to the outbox and, unchanged, to the stream. */
export const encodeResult = (result: TrialResult): Uint8Array => toBinary(TrialResultSchema, result);

/** Parses a result. @throws when the bytes are not one. */
export const decodeResult = (payload: Uint8Array): TrialResult => fromBinary(TrialResultSchema, payload);

/** A result as it arrived; `payload` is not trusted yet. */
export interface ArrivedResult {
  /** From the subject, which the server's permissions guard; the payload's own claim is checked against it. */
  readonly machineId: string;
  readonly payload: Uint8Array;
  /** What the sender says it is about; null when it does not say. */
  readonly attempt: AttemptName | null;
  /** By the sender's key, as it says; null: it does not sign. */
  readonly signature?: Uint8Array | null;
  readonly deliveries: number;
  /** To be called after COMMIT only. */
  acknowledge(): void;
}

const arrived = (message: JsMsg): ArrivedResult => ({
  machineId: machineIdOf(message.subject),
  payload: message.data,
  attempt: attemptOf(message),
  signature: signatureOf(message),
  deliveries: message.info.deliveryCount,
  acknowledge: () => message.ack(),
});

/**
 * Fetches what has arrived, up to `max`, waiting at most `waitMs` for the first.
 * @throws when the stream or its consumer is missing or the server is away.
 */
export async function fetchResults(bus: Bus, max: number, waitMs: number): Promise<ArrivedResult[]> {
  const consumer = await bus.connection.jetstream().consumers.get(RESULT_STREAM, INTAKE_CONSUMER);
  const first = await consumer.next({ expires: waitMs });
  if (!first) return [];
  const batch = [arrived(first)];
  const waiting = Math.min(max - 1, first.info.pending);
  if (waiting > 0) {
    for await (const message of await consumer.fetch({ max_messages: waiting, expires: 1_000 })) {
      batch.push(arrived(message));
      if (batch.length > waiting) break;
    }
  }
  return batch;
}

/** Sends a receipt; lost ones are asked for again by sending the result again. */
export function publishReceipt(bus: Bus, machineId: string, receipt: Receipt): void {
  bus.connection.publish(subjects.receipt(machineId), toBinary(ReceiptSchema, receipt));
}

/** Calls back for each receipt of this machine. @returns a function that ends it. */
export function onReceipt(bus: Bus, machineId: string, handle: (receipt: Receipt) => void): () => void {
  const subscription = bus.connection.subscribe(subjects.receipt(machineId), {
    callback: (error, message) => {
      // The subscription failed (rights, closed): no receipt will come, and the result is sent again.
      if (error) return;
      try {
        handle(fromBinary(ReceiptSchema, message.data));
      } catch {
        // Unreadable: as good as lost; the result is sent again and receipted again.
      }
    },
  });
  return () => subscription.unsubscribe();
}
