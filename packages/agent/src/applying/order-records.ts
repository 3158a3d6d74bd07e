// What is known of the coordinator's orders, on disk, one small file each, flushed before the step that it tells of: an
// order is carried out once, and what came of it can be said again.
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type ApplyingOutcome, ApplyingOutcomeSchema } from "@ozone/proto/applying";
import { systemCodeOf } from "@ozone/shared/errors";
import { writeDurably } from "../outbox/durable-file.ts";

/** One order. */
export interface OrderRecord {
  readonly orderId: string;
  /** How often it was begun: a machine that dies of it every time must not try for ever. */
  readonly begun: number;
  /** Decided to be kept; whether it was put in place the notes about derived models tell (application-notes.ts). */
  readonly decided: ApplyingOutcome | null;
  readonly outcome: ApplyingOutcome | null;
  /** The coordinator said that it has the outcome. */
  readonly recorded: boolean;
}

const PREFIX = "order-";
const SAFE_ID = /^[A-Za-z0-9-]{1,80}$/;

/** Whether an id can be a file's name. */
export const isOrderId = (text: string): boolean => SAFE_ID.test(text);

const fileOf = (folder: string, orderId: string): string => join(folder, `${PREFIX}${orderId}.json`);

/** An order that nothing is known of. */
export const newRecord = (orderId: string): OrderRecord => ({
  orderId,
  begun: 0,
  decided: null,
  outcome: null,
  recorded: false,
});

const written = (outcome: ApplyingOutcome | null): JsonValue =>
  outcome === null ? null : toJson(ApplyingOutcomeSchema, outcome);
const readBack = (json: JsonValue | undefined): ApplyingOutcome | null =>
  json === undefined || json === null
    ? null
    : fromJson(ApplyingOutcomeSchema, json, { ignoreUnknownFields: true });

/** Writes what is known now. @throws the system's error */
export async function writeRecord(folder: string, record: OrderRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { decided, outcome } = record;
  const text = JSON.stringify({ ...record, decided: written(decided), outcome: written(outcome) });
  await writeDurably(fileOf(folder, record.orderId), Buffer.from(`${text}\n`));
}

/** What is known of an order. @throws when its file can't be read */
export async function readRecord(folder: string, orderId: string): Promise<OrderRecord> {
  const text = await readFile(fileOf(folder, orderId), "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
  if (text === null) return newRecord(orderId);
  const json = JSON.parse(text) as Record<string, JsonValue>;
  return {
    orderId,
    begun: Number(json.begun ?? 0),
    decided: readBack(json.decided),
    outcome: readBack(json.outcome),
    recorded: json.recorded === true,
  };
}

/** Outcomes that the coordinator may not know yet. @throws when the folder or a file can't be read */
export async function unrecordedOutcomes(folder: string): Promise<ApplyingOutcome[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  });
  const ids = names
    .filter((name) => name.startsWith(PREFIX) && name.endsWith(".json"))
    .map((name) => name.slice(PREFIX.length, -".json".length))
    .sort();
  const records = await Promise.all(ids.map((id) => readRecord(folder, id)));
  return records.flatMap(({ recorded, outcome }) => (recorded || outcome === null ? [] : [outcome]));
}
