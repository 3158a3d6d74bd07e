// Requests to an engine as the integration tests make them: plain HTTP, every field visible.
import { words } from "../src/synthetic/words.ts";

/** The last message of a generation, as far as the tests read it. */
export interface Final {
  readonly response: string;
  readonly done: boolean;
  readonly done_reason: string;
  readonly total_duration: number;
  readonly load_duration: number;
  readonly prompt_eval_count: number;
  readonly prompt_eval_duration: number;
  readonly prompt_eval_cached_count: number;
  readonly eval_count: number;
  readonly eval_duration: number;
}

/** The small model, which most tests use. */
export const smallModel = "ozone-synthetic:4m";

/** A prompt of exactly `count` known words, different for each seed from its first word on. */
export function wordPrompt(count: number, seed: number): string {
  let state = (seed * 2_654_435_761) >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return words[(state >>> 8) % words.length];
  }).join(" ");
}

/** Body of a raw, greedy request that neither truncates nor shifts. */
export function rawBody(
  prompt: string,
  options: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    model: smallModel,
    prompt,
    raw: true,
    truncate: false,
    shift: false,
    options: { num_ctx: 2048, temperature: 0, repeat_penalty: 1, num_predict: 8, num_keep: 0, ...options },
  };
}

/** Sends JSON to an endpoint. */
export function send(url: string, path: string, body: unknown, method = "POST"): Promise<Response> {
  return fetch(url + path, { method, body: JSON.stringify(body) });
}

/** Sends JSON and reads a JSON answer with its status. */
export async function ask<Answer>(
  url: string,
  path: string,
  body: unknown,
): Promise<{ status: number; json: Answer }> {
  const response = await send(url, path, body);
  return { status: response.status, json: (await response.json()) as Answer };
}

/** Generates without streaming; fails on any status but 200. */
export async function generateOnce(url: string, body: Readonly<Record<string, unknown>>): Promise<Final> {
  const { status, json } = await ask<Final>(url, "/api/generate", { ...body, stream: false });
  if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(json)}`);
  return json;
}

/** Generates and gives all streamed messages. */
export async function generateStream(url: string, body: Readonly<Record<string, unknown>>): Promise<Final[]> {
  const response = await send(url, "/api/generate", body);
  const text = await response.text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Final);
}

/** One entry of /api/ps. */
export interface LoadedEntry {
  readonly name: string;
  readonly size: number;
  readonly size_vram: number;
  readonly context_length: number;
  readonly digest: string;
  readonly expires_at: string;
  readonly effective: Readonly<Record<string, unknown>>;
}

/** The models that /api/ps shows. */
export async function loadedModels(url: string): Promise<LoadedEntry[]> {
  const response = await fetch(`${url}/api/ps`);
  return ((await response.json()) as { models: LoadedEntry[] }).models;
}
