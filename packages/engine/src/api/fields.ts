// Reads single fields of a request's JSON object, with an ApiError 400 for a wrong type. Absent and null are the same.
import { type DurationMs, parseKeepAlive } from "../duration.ts";
import { type ModelName, parseModelName } from "../models/model-name.ts";
import type { ModelStore, StoredModel } from "../models/model-store.ts";
import { ApiError } from "./api-error.ts";
import type { JsonObject } from "./exchange.ts";

/** A text field; "" if absent. */
export function textField(body: JsonObject, name: string): string {
  const value = body[name] ?? "";
  if (typeof value !== "string") throw wrongType(name, "string");
  return value;
}

/** A yes-or-no field; undefined if absent. */
export function booleanField(body: JsonObject, name: string): boolean | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== "boolean") throw wrongType(name, "boolean");
  return value;
}

/** An object field; empty if absent. */
export function objectField(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw wrongType(name, "object");
  return value as JsonObject;
}

/** A list field; empty if absent. */
export function listField(body: JsonObject, name: string): readonly unknown[] {
  const value = body[name] ?? [];
  if (!Array.isArray(value)) throw wrongType(name, "array");
  return value;
}

/** `keep_alive` in milliseconds; undefined if absent. */
export function keepAliveField(body: JsonObject): DurationMs | undefined {
  try {
    return parseKeepAlive(body.keep_alive);
  } catch (error) {
    throw new ApiError(400, error instanceof Error ? error.message : String(error));
  }
}

/** The name in `model` (or, as older clients write it, `name`), as written. */
export function writtenModelName(body: JsonObject): string {
  return textField(body, "model") || textField(body, "name");
}

/** A valid name, or ApiError 400. */
export function validModelName(text: string): ModelName {
  const name = parseModelName(text);
  if (name === undefined) throw new ApiError(400, "invalid model name");
  return name;
}

/** The model that the request names. Throws ApiError 400 without a name, 404 if there is no such model. */
export function requestedModel(body: JsonObject, store: ModelStore): StoredModel {
  const text = writtenModelName(body);
  if (text === "") throw new ApiError(400, "model is required");
  const name = parseModelName(text);
  const model = name && store.find(name);
  if (model === undefined) throw new ApiError(404, `model '${text}' not found`);
  return model;
}

function wrongType(name: string, type: string): ApiError {
  return new ApiError(400, `field ${JSON.stringify(name)} must be of type ${type}`);
}
