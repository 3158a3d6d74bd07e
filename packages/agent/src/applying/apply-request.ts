// What `ozone-agent apply` reads: one JSON document with the preset as the control API gives it, and what is asked for.
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { isModelName } from "@ozone/shared/derived-model";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import type { ApplyRequest } from "./apply-preset.ts";

/** The request, and how it is to be measured. */
export interface WrittenRequest extends ApplyRequest {
  readonly allowBattery: boolean;
  /** How long the first launch waits for a quiet machine, in milliseconds. */
  readonly quietWaitMs: number;
}

const QUIET_WAIT_MS = 15_000;

/**
 * Reads the document {"preset": {...}, "as"?, "replace"?, "despiteChanges"?, "allowBattery"?, "quietWaitMs"?}.
 * @throws OzoneError invalid_input with one sentence
 */
export function readApplyRequest(text: string): WrittenRequest {
  const document = parsed(text);
  const { preset, as = "" } = document;
  if (typeof preset !== "object" || preset === null) throw refused('it has no "preset"');
  if (typeof as !== "string" || (as !== "" && !isModelName(as))) {
    throw refused(`"as" is ${JSON.stringify(as)}, which is no model name (model:tag)`);
  }
  const { quietWaitMs = QUIET_WAIT_MS } = document;
  if (typeof quietWaitMs !== "number" || !(quietWaitMs >= 0)) throw refused('"quietWaitMs" is no time');
  const yes = (field: string): boolean => {
    const value = document[field] ?? false;
    if (typeof value === "boolean") return value;
    throw refused(`${JSON.stringify(field)} is neither true nor false`);
  };
  return {
    preset: presetOf(preset as JsonValue),
    as,
    replace: yes("replace"),
    despiteChanges: yes("despiteChanges"),
    allowBattery: yes("allowBattery"),
    quietWaitMs,
  };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch (thrown) {
    throw refused(messageOf(thrown));
  }
  throw refused("it is no JSON object");
}

function presetOf(value: JsonValue) {
  try {
    // A newer coordinator may say more than this agent knows.
    return fromJson(PresetSchema, value, { ignoreUnknownFields: true });
  } catch (thrown) {
    throw refused(messageOf(thrown));
  }
}

const refused = (why: string): OzoneError =>
  new OzoneError(
    "invalid_input",
    `The request to apply a preset could not be read: ${why.replace(/\.$/, "")}.`,
  );
