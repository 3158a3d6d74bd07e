// Reads the bodies of /api/generate and /api/chat into one kind of request, with the errors of a real server.
import { RequestError } from "./request-error.ts";
import { foreverIfNegative } from "./scheduler.ts";

/** What both endpoints ask for. */
export interface GenerationRequest {
  readonly kind: "generate" | "chat";
  readonly model: string;
  /** The pieces of the prompt in order, templates applied; a chat may lose its oldest ones. */
  readonly parts: readonly string[];
  /** Nothing to generate from: the request loads or unloads. */
  readonly empty: boolean;
  readonly raw: boolean;
  readonly stream: boolean;
  readonly truncate: boolean;
  readonly shift: boolean | null;
  /** Seconds, Infinity for ever; undefined when the request doesn't say. */
  readonly keepAliveSeconds: number | undefined;
  readonly options: Readonly<Record<string, unknown>>;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Reads a parsed body.
 * @throws RequestError 400 for what Ollama refuses before it looks for the model.
 */
export function readGenerationRequest(kind: "generate" | "chat", body: Body): GenerationRequest {
  const raw = body.raw === true;
  if (kind === "generate" && raw && (body.template || body.system || body.context)) {
    throw new RequestError(400, "raw mode does not support template, system, or context");
  }
  const parts = kind === "generate" ? promptParts(body, raw) : messageParts(body);
  return {
    kind,
    model: textOf(body, "model"),
    parts,
    empty: parts.length === 0,
    raw,
    stream: body.stream !== false,
    truncate: body.truncate !== false,
    shift: typeof body.shift === "boolean" ? body.shift : null,
    keepAliveSeconds: keepAliveOf(body.keep_alive),
    options: isObject(body.options) ? body.options : {},
  };
}

/** The keep-alive of a request in seconds: numbers are seconds, text is a Go duration, negative means for ever. */
export function keepAliveOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return foreverIfNegative(value);
  if (typeof value === "string") return foreverIfNegative(parseGoDuration(value));
  throw new RequestError(400, `Unsupported type: '${typeof value}'`);
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
};

function parseGoDuration(text: string): number {
  if (text === "0") return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+)$/.exec(text);
  if (match === null) throw new RequestError(400, `time: invalid duration "${text}"`);
  const pieces = [...(match[2] ?? "").matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
  const seconds = pieces.reduce(
    (sum, piece) => sum + Number(piece[1]) * (UNIT_SECONDS[piece[2] ?? "s"] ?? 1),
    0,
  );
  return match[1] === "-" ? -seconds : seconds;
}

function promptParts(body: Body, raw: boolean): string[] {
  const prompt = textOf(body, "prompt");
  if (prompt === "") return [];
  if (raw) return [prompt];
  const system = textOf(body, "system");
  return [...(system === "" ? [] : [`system ${system}`]), `user ${prompt} assistant`];
}

function messageParts(body: Body): string[] {
  const messages = Array.isArray(body.messages) ? body.messages.filter(isObject) : [];
  const parts = messages.map((message) => `${textOf(message, "role")} ${textOf(message, "content")}`);
  const last = parts.pop();
  return last === undefined ? [] : [...parts, `${last} assistant`];
}

function textOf(body: Body, key: string): string {
  const value = body[key];
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") {
    throw new RequestError(
      400,
      `json: cannot unmarshal ${typeof value} into Go struct field .${key} of type string`,
    );
  }
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
