// Columns of bytes, and what they are for whoever reads an export: messages become JSON, secrets stay away.
import { type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import { ApplyingOutcomeSchema } from "@ozone/proto/applying";
import { ConfigurationSchema, ProtocolSchema } from "@ozone/proto/configuration";
import { AnnouncementSchema } from "@ozone/proto/machine";
import { PresetSchema } from "@ozone/proto/preset";
import { RolloutRequestSchema } from "@ozone/proto/rollout";
import { SweepRequestSchema } from "@ozone/proto/sweep";
import { TrialResultSchema } from "@ozone/proto/trial";
import { WaitReasonSchema } from "@ozone/proto/wait";

const MESSAGES: Readonly<Record<string, DescMessage>> = {
  "machines.announcement": AnnouncementSchema,
  "machines.waits": WaitReasonSchema,
  "presets.document": PresetSchema,
  "results.payload": TrialResultSchema,
  "schedules.request": SweepRequestSchema,
  "sweeps.request": SweepRequestSchema,
  "trials.configuration": ConfigurationSchema,
  "trials.protocol": ProtocolSchema,
  "rollouts.request": RolloutRequestSchema,
  "rollout_targets.outcome": ApplyingOutcomeSchema,
};

/** What proves a token is no use to a reader, and could be one to a thief. */
const SECRETS = ["enrolment_tokens.digest", "role_tokens.hash"];

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex.replace(/^\\x/, ""), "hex");

function readableValue(name: string, value: unknown): unknown {
  const message = MESSAGES[name];
  if (typeof value !== "string" || message === undefined) return value;
  try {
    return toJson(message, fromBinary(message, bytesOf(value)));
  } catch {
    // Of another version, or damaged: better as it is than not at all.
    return { undecoded: value };
  }
}

/** One row as Postgres' JSON has it, made readable. */
export const readableRow = (table: string, row: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row)
      .filter(([column]) => !SECRETS.includes(`${table}.${column}`))
      .map(([column, value]) => [column, readableValue(`${table}.${column}`, value)]),
  );
