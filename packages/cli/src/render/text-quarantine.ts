// Messages in quarantine, as text for a terminal. What they contain is the word of whoever sent them: always cleaned.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type {
  QuarantinedMessage,
  RetryQuarantinedResponse,
  ShowQuarantinedResponse,
} from "@ozone/proto/quarantine_service";
import { ReceiptOutcome, type TrialResult } from "@ozone/proto/trial";
import { cleanText } from "./clean-text.ts";
import { verdictWords } from "./names.ts";
import { textPairs, textTable } from "./text-table.ts";

const time = (at: Timestamp | undefined): string =>
  at ? `${timestampDate(at).toISOString().slice(0, 19).replace("T", " ")} UTC` : "unknown";

const size = ({ keptBytes, cut }: QuarantinedMessage): string =>
  cut ? `more than ${keptBytes} bytes` : `${keptBytes} bytes`;

/** A table, and how many there are beyond it. */
export function quarantineText(messages: readonly QuarantinedMessage[], total: number): string {
  if (messages.length === 0) return "Nothing is in quarantine.\n";
  const table = textTable(
    ["MESSAGE", "RECEIVED", "MACHINE", "SIZE", "REASON"].map((heading) => ({ heading })),
    messages.map((message) => [
      String(message.id),
      time(message.receivedAt),
      cleanText(message.machineId, 40),
      size(message),
      cleanText(message.reason, 120),
    ]),
  );
  const more = total - messages.length;
  return more > 0 ? `${table}${more} more; --last shows them.\n` : table;
}

const orNone = (text: string): string => cleanText(text, 120) || "none";

const contents = (result: TrialResult): [string, string][] => [
  ["trial", `${orNone(result.trialId)}, attempt ${result.attempt}`],
  ["sweep", orNone(result.sweepId)],
  ["says it is of", orNone(result.machineId)],
  ["model", `${orNone(result.modelName)} (${orNone(result.modelDigest)})`],
  ["verdict", verdictWords(result.verdict)],
  ...(result.failure
    ? ([["failure", `${orNone(result.failure.failureClass)}: ${cleanText(result.failure.message)}`]] as [
        string,
        string,
      ][])
    : []),
  ["samples", String(result.samples.length)],
  ["agent", orNone(result.agentVersion)],
  ["started", time(result.startedAt)],
];

/** One message: what is known of it, and what it says of itself. */
export function quarantinedText({ message, readable, readableBytes }: ShowQuarantinedResponse): string {
  if (message === undefined) return "The coordinator sent no message.\n";
  const known = textPairs([
    ["message", String(message.id)],
    ["came from", cleanText(message.machineId)],
    ["received", time(message.receivedAt)],
    ["reason", cleanText(message.reason)],
    ["size", message.cut ? `${size(message)}; the rest is not kept` : size(message)],
    ["SHA-256", cleanText(message.digest)],
  ]);
  if (readable === undefined) return `${known}\nNothing of it can be read as a result.\n`;
  const whole = readableBytes === message.keptBytes && !message.cut;
  const heading = whole
    ? "What it says (the sender's word):"
    : `What can be read of it, ${readableBytes} bytes (the sender's word):`;
  return `${known}\n${heading}\n${textPairs(contents(readable), "  ")}`;
}

const OUTCOMES: Readonly<Record<ReceiptOutcome, string>> = {
  [ReceiptOutcome.UNSPECIFIED]: "is still in quarantine; the coordinator did not say why",
  [ReceiptOutcome.STORED]: "is counted now and has left the quarantine",
  [ReceiptOutcome.DUPLICATE]: "had been counted already and has left the quarantine",
  [ReceiptOutcome.STALE]: "is still in quarantine: its attempt no longer counts",
  [ReceiptOutcome.REFUSED]: "is still in quarantine: it was refused again",
};

/** What came of a retry. */
export function retriedText(id: bigint, { outcome, reason }: RetryQuarantinedResponse): string {
  const why = cleanText(reason);
  return `Message ${id} ${OUTCOMES[outcome]}.${why === "" ? "" : ` ${why}`}\n`;
}

/** What was dropped. */
export const droppedText = (messages: number): string =>
  messages === 0
    ? "Nothing in quarantine matches; nothing was dropped.\n"
    : `Dropped ${messages} ${messages === 1 ? "message" : "messages"}.\n`;
