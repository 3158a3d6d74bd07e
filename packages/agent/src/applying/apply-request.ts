// What `ozone-agent apply` reads: one JSON document with the preset as the control API gives it, and what is asked for.
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import type { ApplyRequest } from "./apply-preset.ts";

/** The request, and whether a battery is no obstacle. */
export interface WrittenRequest extends ApplyRequest {
  readonly allowBattery: boolean;
}

/**
 * Reads the document {"preset": {...}, "as"?, "replace"?, "despiteChanges"?, "allowBattery"?}.
 * @throws OzoneError invalid_input with one sentence
 */
export function readApplyRequest(text: string): WrittenRequest {
  const document = parsed(text);
  const { preset, as = "" } = document;
  if (typeof preset !== "object" || preset === null) throw refused('it has no "preset"');
  if (typeof as !== "string") throw refused('"as" is no text');
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
