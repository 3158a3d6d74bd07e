// What a server says about itself and its models (/api/version, /api/tags, /api/ps, /api/show), read with suspicion:
// a field that is missing or of the wrong kind becomes null, never a guess.

import { EngineKind } from "@ozone/proto/machine";
import { bareDigest } from "@ozone/shared/model-digest";

/** Name and version of what answers. */
export interface EngineIdentity {
  readonly kind: EngineKind;
  readonly version: string;
}

/** An installed model, from /api/tags. */
export interface InstalledModel {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly family: string;
  readonly parameterSize: string;
  readonly quantization: string;
}

/** Settings in force, by Ollama's option names, as the reference engine reports them (`effective`); Ollama does not. */
export type EffectiveSettings = Readonly<Record<string, number | string | boolean>>;

/** A loaded model, from /api/ps. */
export interface LoadedModel {
  readonly name: string;
  readonly digest: string;
  /** Tokens allocated per request; null before Ollama 0.10 and where it is not said. */
  readonly contextLength: number | null;
  readonly sizeBytes: number | null;
  readonly sizeVramBytes: number | null;
  /** When the server will unload it if nobody asks, in epoch milliseconds of its own clock; null where it is not said. */
  readonly expiresAtMs: number | null;
  /** Null where the server does not say what is in force. */
  readonly effective: EffectiveSettings | null;
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** A count or size: a non-negative integer, or null. */
export const countOf = (value: unknown): number | null =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

const timeOf = (value: unknown): number | null => countOf(Date.parse(textOf(value)));

const listOf = (answer: unknown): Fields[] => {
  const { models } = fieldsOf(answer);
  return Array.isArray(models) ? models.map(fieldsOf) : [];
};

/** "qwen3" means "qwen3:latest". */
export const fullModelName = (name: string): string =>
  name.slice(name.lastIndexOf("/") + 1).includes(":") ? name : `${name}:latest`;

/** Whether two names mean one model. */
export const sameModel = (one: string, other: string): boolean => fullModelName(one) === fullModelName(other);

/** Reads /api/version. The reference engine says of itself that it is one. */
export function engineIdentityOf(answer: unknown): EngineIdentity | null {
  const { version, engine } = fieldsOf(answer);
  if (typeof version !== "string" || version === "") return null;
  return { version, kind: engine === "ozone-reference" ? EngineKind.REFERENCE : EngineKind.OLLAMA };
}

/** Reads /api/tags. Entries without a name are left out. */
export function installedModelsOf(answer: unknown): InstalledModel[] {
  return listOf(answer)
    .map((entry) => {
      const details = fieldsOf(entry.details);
      return {
        name: textOf(entry.name) || textOf(entry.model),
        digest: bareDigest(textOf(entry.digest)),
        sizeBytes: countOf(entry.size) ?? 0,
        family: textOf(details.family),
        parameterSize: textOf(details.parameter_size),
        quantization: textOf(details.quantization_level),
      };
    })
    .filter(({ name }) => name !== "");
}

/** Reads /api/ps. Entries without a name are left out. */
export function loadedModelsOf(answer: unknown): LoadedModel[] {
  return listOf(answer)
    .map((entry) => ({
      name: textOf(entry.name) || textOf(entry.model),
      digest: bareDigest(textOf(entry.digest)),
      contextLength: countOf(entry.context_length),
      sizeBytes: countOf(entry.size),
      sizeVramBytes: countOf(entry.size_vram),
      expiresAtMs: timeOf(entry.expires_at),
      effective: effectiveOf(entry.effective),
    }))
    .filter(({ name }) => name !== "");
}

function effectiveOf(value: unknown): EffectiveSettings | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const known = Object.entries(value).filter(([, one]) =>
    ["number", "string", "boolean"].includes(typeof one),
  );
  return Object.fromEntries(known) as EffectiveSettings;
}
