// The only door to a server: each call makes one official ollama client with its own signal, and every error leaves as
// a TrialFailure with its class. Nothing here retries, decides or measures anything but arrival times.
import { TrialFailure } from "@ozone/shared/failure";
import { Ollama } from "ollama";
import { type BoundedFetchOptions, boundedFetch } from "./bounded-fetch.ts";
import {
  type EngineIdentity,
  engineIdentityOf,
  type InstalledModel,
  installedModelsOf,
  type LoadedModel,
  loadedModelsOf,
} from "./engine-state.ts";
import { Arrivals, type PullPart, pullPartOf } from "./pull-stream.ts";
import { failureOfRequest } from "./request-failure.ts";
import { type StreamRecord, StreamRecorder } from "./stream-record.ts";

/** Questions about state are answered at once by any server that works. */
const STATE_LIMIT_MS = 10_000;

/** Changes of what is installed copy a manifest, no weights; the disk may be slow. */
const STORE_LIMIT_MS = 60_000;

/** The largest models over the slowest lines. */
const PULL_LIMIT_MS = 12 * 3_600_000;

/** After `done` the answer ends at once; longer than this is not waited for. */
const END_LIMIT_MS = 500;

/** Limits of one request. */
export interface RequestLimits {
  /** Cancels the request from outside. */
  readonly signal: AbortSignal;
  /** Longest time for the whole request, in milliseconds. */
  readonly limitMs: number;
}

/** A generate request; `options` in Ollama's own names. */
export interface GenerateRequest {
  readonly model: string;
  readonly prompt: string;
  readonly options: Readonly<Record<string, number>>;
  readonly phase: "load" | "run";
}

/** While a trial works every request renews this; after a kill the server unloads the model itself. */
const KEEP_ALIVE = "10m";

/** One server, addressed by its base URL ("http://127.0.0.1:11434"). */
export class EngineClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url.replace(/\/+$/, "");
  }

  /** Kind and version. @throws TrialFailure server_unreachable, protocol_error, cancelled */
  async identity(signal: AbortSignal): Promise<EngineIdentity> {
    const identity = engineIdentityOf(await this.#ask(signal, (client) => client.version()));
    if (identity !== null) return identity;
    throw new TrialFailure(
      "protocol_error",
      `What answers at ${this.url} gives no version on /api/version; check that the address is an Ollama.`,
    );
  }

  /** Installed models. @throws TrialFailure */
  async installed(signal: AbortSignal): Promise<InstalledModel[]> {
    return installedModelsOf(await this.#ask(signal, (client) => client.list()));
  }

  /** Loaded models. @throws TrialFailure */
  async loaded(signal: AbortSignal): Promise<LoadedModel[]> {
    return loadedModelsOf(await this.#ask(signal, (client) => client.ps()));
  }

  /** The raw answer of /api/show. @throws TrialFailure */
  async show(model: string, signal: AbortSignal): Promise<unknown> {
    return this.#ask(signal, (client) => client.show({ model }));
  }

  /**
   * Has the server pull a model, and tells how far each part is; ends when it is there. Leaving the loop ends the pull; the
   * server goes on from there another time.
   * @throws TrialFailure
   */
  async *pull(
    model: string,
    { insecure, signal }: { readonly insecure: boolean; readonly signal: AbortSignal },
  ): AsyncGenerator<PullPart> {
    const ending = new AbortController();
    const parts = new Arrivals<PullPart>();
    const limits = { signal: AbortSignal.any([signal, ending.signal]), limitMs: PULL_LIMIT_MS };
    const wire = { recorder: { add: () => true } };
    const done = this.#call(limits, "run", wire, async (client) => {
      for await (const line of await client.pull({ model, insecure, stream: true })) {
        const part = pullPartOf(line);
        if (part !== null) parts.add(part);
      }
    }).finally(() => parts.end());
    try {
      yield* parts;
      await done;
    } finally {
      ending.abort();
      await done.catch(() => undefined);
    }
  }

  /** Makes a model of an installed one and parameters of its own. @throws TrialFailure */
  async derive(
    model: string,
    { from, parameters }: { readonly from: string; readonly parameters: Readonly<Record<string, number>> },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#store(signal, (client) => client.create({ model, from, parameters, stream: false }));
  }

  /** Gives a model a second name; what had that name is replaced. @throws TrialFailure */
  async copy(source: string, destination: string, signal: AbortSignal): Promise<void> {
    await this.#store(signal, (client) => client.copy({ source, destination }));
  }

  /** Removes a name. @throws TrialFailure */
  async remove(model: string, signal: AbortSignal): Promise<void> {
    await this.#store(signal, (client) => client.delete({ model }));
  }

  /** Asks the server to unload a model; it does so in its own time. @throws TrialFailure */
  async unload(model: string, signal: AbortSignal): Promise<void> {
    await this.#ask(signal, (client) => client.generate({ model, prompt: "", keep_alive: 0 }));
  }

  /** Loads a model as `options` say, with no output. @throws TrialFailure */
  async load(
    model: string,
    options: Readonly<Record<string, number>>,
    limits: RequestLimits & { readonly keepAlive: string },
  ): Promise<void> {
    await this.#call(limits, "load", undefined, (client) =>
      client.generate({ model, prompt: "", keep_alive: limits.keepAlive, options }),
    );
  }

  /**
   * One streamed, raw generation. The clock starts before the request is made.
   * @returns what came, also when it ended without `done`.
   * @throws TrialFailure for refusals, errors inside the stream, broken connections, the limit and cancellation
   */
  async generate(request: GenerateRequest, limits: RequestLimits): Promise<StreamRecord> {
    let onEnd = (): void => {};
    const ended = new Promise<void>((resolve) => {
      onEnd = resolve;
    });
    const recorder = new StreamRecorder(performance.now());
    await this.#call(limits, request.phase, { recorder, onEnd }, async (client) => {
      const stream = await client.generate({ ...wireRequest(request), stream: true });
      try {
        for await (const _message of stream) {
          // The recorder on the wire has it already, with its arrival time.
        }
      } catch (thrown) {
        // The client complains when a stream ends without `done`; the record says so too, and is judged there.
        const { error, done } = recorder.record();
        if (error !== null) throw new Error(error, { cause: thrown });
        if (done === null && !/did not receive done/i.test(String(thrown))) throw thrown;
      }
      await Promise.race([ended, delay(END_LIMIT_MS)]);
    });
    return recorder.record();
  }

  #ask<Answer>(signal: AbortSignal, call: (client: Ollama) => Promise<Answer>): Promise<Answer> {
    return this.#call({ signal, limitMs: STATE_LIMIT_MS }, "run", undefined, call);
  }

  #store<Answer>(signal: AbortSignal, call: (client: Ollama) => Promise<Answer>): Promise<Answer> {
    return this.#call({ signal, limitMs: STORE_LIMIT_MS }, "run", undefined, call);
  }

  async #call<Answer>(
    limits: RequestLimits,
    phase: "load" | "run",
    wire: Omit<BoundedFetchOptions, "signal"> | undefined,
    call: (client: Ollama) => Promise<Answer>,
  ): Promise<Answer> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), limits.limitMs);
    const signal = AbortSignal.any([limits.signal, deadline.signal]);
    const client = new Ollama({ host: this.url, fetch: boundedFetch({ signal, ...wire }) });
    try {
      return await call(client);
    } catch (thrown) {
      const ended = limits.signal.aborted ? "cancelled" : deadline.signal.aborted ? "deadline" : undefined;
      throw failureOfRequest(thrown, { phase, url: this.url, limitMs: limits.limitMs, ended });
    } finally {
      clearTimeout(timer);
      deadline.abort();
    }
  }
}

const delay = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });

/**
 * The request as sent: raw (no template, no parser), never truncated, never shifted. `truncate` and `shift` are not in
 * the client's types but are passed on; `shift` is a load-time attribute from 0.30 on, so it is the same everywhere.
 */
function wireRequest({ model, prompt, options }: GenerateRequest) {
  return { model, prompt, raw: true, truncate: false, shift: false, keep_alive: KEEP_ALIVE, options };
}
