// The places where a lie may take hold of an honest answer. A lie fills in some of them; the rest of the answer stays honest.
import type { PromptFit } from "../context-limit.ts";
import type { Allocation } from "../memory.ts";
import type { LoadOptions } from "../options.ts";
import type { Token } from "../tokens.ts";

/** What will be generated, decided before the first step. */
export interface GenerationPlan {
  /** Prompt tokens in the context, cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** Asked for by the request (open-ended: ten contexts). */
  readonly numPredict: number;
  /** Will really be generated. */
  readonly evalTokens: number;
  readonly doneReason: "stop" | "length";
  /** Tokens that go into one chunk. */
  readonly tokensPerChunk: number;
  /** Tokens held back before the first chunk is sent. */
  readonly heldTokens: number;
  /** An empty chunk is sent before prefill. */
  readonly opensWithEmptyChunk: boolean;
  /** All chunks leave in one write at the end. */
  readonly oneWrite: boolean;
}

/** Where in a generation something happens; `index` counts tokens from 0. */
export interface Position {
  readonly index: number;
  readonly total: number;
}

/** When a lie may act: on arrival, with the runner in hand, before the first chunk, before a token, after the last record. */
export type Stage = "arrival" | "loaded" | "headers" | "token" | "finished";

/** What a lie may do to the world when it acts. */
export interface Acting {
  readonly path: string;
  readonly engine: "llama runner" | "llama-server";
  readonly redirectTo: string;
  /** Answers at once with an HTTP error or other status. */
  answer(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Writes one line into the stream. */
  writeLine(line: string): void;
  /** Writes so many bytes without a newline, no faster than the client reads. */
  writeBytes(count: number): Promise<void>;
  /** Ends the answer as if it were complete. */
  end(): void;
  /** Cuts the connection. */
  reset(): void;
  /** From now on each write is sent byte by byte, with a pause between. */
  drip(secondsPerByte: number): void;
  wait(seconds: number): Promise<void>;
  /** Only now does the server see the request: its clocks start here. */
  arriveNow(): void;
  /** Waits until the client goes away or the server is stopped. */
  untilClosed(): Promise<void>;
  /** Takes the model out of memory, as its own unload or another model would. */
  evict(): Promise<void>;
  /** Lets the model go as soon as nobody uses it, without waiting. */
  expire(): void;
  /** The runner is gone from one moment to the next. */
  crash(): void;
  /** Moves the loaded model. */
  moveTo(gpuShare: number): void;
}

/** The numbers of the last record, already without zero values. */
export type FinalRecord = Readonly<Record<string, unknown>>;

/** A row of /api/ps or /api/tags. */
export type ModelRow = Readonly<Record<string, unknown>>;

/** One lie at work in one request. State between calls lives in the closure that made it. */
export interface LieHooks {
  /** Load options as the server understands them. */
  load?(asked: LoadOptions): LoadOptions;
  /** What the load really gets. */
  allocation?(allocation: Allocation): Allocation;
  /** Another way to fit the prompt; undefined leaves it to the honest rule. */
  fit?(fit: PromptFit): readonly Token[] | undefined;
  plan?(plan: GenerationPlan): GenerationPlan;
  /** Seconds of prefill. */
  prefill?(seconds: number): number;
  /** Seconds before a token. */
  gap?(seconds: number, position: Position): number;
  /** The chunks that stand for one text. */
  texts?(text: string, position: Position): string[];
  /** The line as it goes over the wire, without its newline. */
  line?(line: string, position: Position): string;
  /** Acts at a stage; "ended" means that nothing more is sent. */
  act?(stage: Stage, acting: Acting, position: Position): Promise<"ended" | undefined>;
  /** The numbers of the last record; null drops the record. */
  final?(record: FinalRecord): FinalRecord | null;
  /** The lines that stand for the last record. */
  closing?(line: string): string[];
  ps?(rows: readonly ModelRow[]): readonly ModelRow[];
  tags?(rows: readonly ModelRow[]): readonly ModelRow[];
  version?(version: string): string;
  /** An unload that was asked for never happens. */
  readonly neverUnloads?: true;
  /** /api/ps never answers. */
  readonly hangsOnPs?: true;
  /** No model is known. */
  readonly knowsNoModel?: true;
}

/** Passes a value through one hook of every lie, in order. */
export function through<T>(
  hooks: readonly LieHooks[],
  value: T,
  apply: (hook: LieHooks, value: T) => T | undefined,
): T {
  return hooks.reduce((current, hook) => apply(hook, current) ?? current, value);
}

/** Lets every lie act at a stage; true when one of them has ended the answer. */
export async function actAt(
  hooks: readonly LieHooks[],
  stage: Stage,
  acting: Acting,
  position: Position = { index: 0, total: 0 },
): Promise<boolean> {
  for (const hook of hooks) {
    if ((await hook.act?.(stage, acting, position)) === "ended") return true;
  }
  return false;
}

/** One line of the list of lies, together with how it is told. */
export interface LieEntry {
  /** What a real server could do to look so. */
  readonly couldBe: string;
  /** Where a client can see it. */
  readonly shows: string;
  /** In every request, or only in generations that are large enough to be samples (and in metadata after the first of them). */
  readonly scope: "always" | "measured";
  /** How strongly it is told by default; each lie says what the number means. */
  readonly strength?: number;
  /** The script in which it shows at all. */
  readonly needs?: LieNeeds;
  tell(strength: number): LieHooks;
}

/** What a lie needs of the script around it. */
export interface LieNeeds {
  readonly gpuShare?: number;
  /** Slow enough that a busy machine's lateness does not hide it. */
  readonly timeScale?: number;
  readonly server?: { readonly kvCacheType?: "f16" | "q8_0" | "q4_0"; readonly flashAttention?: boolean };
}
