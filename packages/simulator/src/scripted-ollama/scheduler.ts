// Who is loaded: loads one at a time, reloads on changed load options, evicts, expires, and unloads some time after it was told to.
import type { LieHooks } from "./lies/hooks.ts";
import { through } from "./lies/hooks.ts";
import { allocate, loadedBytes, place } from "./memory.ts";
import type { LoadOptions } from "./options.ts";
import { needsReload } from "./options.ts";
import { RequestError } from "./request-error.ts";
import { Runner } from "./runner.ts";
import { waitSeconds } from "./schedule.ts";
import type { Script } from "./script.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import { behavioursOf } from "./versions.ts";

/** A request for a loaded model. */
export interface RunnerRequest {
  readonly model: ScriptedModel;
  readonly asked: LoadOptions;
  /** Seconds, Infinity for ever; undefined leaves what was set before. */
  readonly keepAliveSeconds: number | undefined;
  readonly hooks: readonly LieHooks[];
  readonly gone: AbortSignal;
}

/** The scheduler of one server. */
export class Scheduler {
  readonly #script: () => Script;
  readonly #stopping: AbortSignal;
  /** By digest of the weights: two names of the same weights share a runner. */
  readonly #loaded = new Map<string, Runner>();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(script: () => Script, stopping: AbortSignal) {
    this.#script = script;
    this.#stopping = stopping;
  }

  /** Every runner that /api/ps shows: also those still loading or unloading. */
  get runners(): readonly Runner[] {
    return [...this.#loaded.values()];
  }

  /**
   * Gives a runner with these load options, loaded if need be. The caller gives it back with `release`.
   * @throws RequestError 503 when too many requests wait for a load, 500 when the model does not fit.
   */
  async acquire(request: RunnerRequest): Promise<Runner> {
    const runner = this.#usable(request);
    if (runner !== undefined) {
      this.#use(runner, request);
      await waitSeconds(this.#script().warmLoadSeconds * this.#script().timeScale, request.gone);
      return runner;
    }
    if (this.#waiting >= this.#script().server.maxQueue) {
      throw new RequestError(503, "server busy, please try again.  maximum pending requests exceeded");
    }
    this.#waiting += 1;
    const turn = this.#last.then(() => this.#loadInTurn(request));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Ends a use; the last user starts the keep-alive clock. */
  release(runner: Runner): void {
    runner.users -= 1;
    if (runner.users > 0 || runner.state !== "ready") return;
    const seconds = runner.keepAliveSeconds;
    if (seconds <= 0) {
      void this.#unload(runner);
      return;
    }
    runner.expiresAtMs = expiryOf(seconds);
    if (seconds < 2_000_000) runner.expiry = setTimeout(() => void this.#unload(runner), seconds * 1000);
  }

  /** Asks for an unload and returns at once; it happens when the last user is done. */
  expire(model: ScriptedModel): void {
    const runner = this.#loaded.get(model.blob);
    if (runner === undefined) return;
    runner.keepAliveSeconds = 0;
    runner.expiresAtMs = Date.now();
    clearTimeout(runner.expiry);
    if (runner.users === 0 && runner.state === "ready") void this.#unload(runner);
  }

  /** Unloads and waits for it. */
  async evict(model: ScriptedModel): Promise<void> {
    const runner = this.#loaded.get(model.blob);
    if (runner === undefined) return;
    this.expire(model);
    await runner.gone;
  }

  /** The runner vanishes without any waiting. */
  crash(model: ScriptedModel): void {
    const runner = this.#loaded.get(model.blob);
    if (runner !== undefined) this.#remove(runner);
  }

  /** Forgets all runners and stops their clocks. */
  stop(): void {
    for (const runner of this.runners) this.#remove(runner);
  }

  async #loadInTurn(request: RunnerRequest): Promise<Runner> {
    this.#waiting -= 1;
    for (;;) {
      if (request.gone.aborted || this.#stopping.aborted) throw new RequestError(499, "request canceled");
      const runner = this.#usable(request);
      if (runner !== undefined) {
        this.#use(runner, request);
        return runner;
      }
      const inTheWay = this.#loaded.get(request.model.blob) ?? this.#superfluous();
      if (inTheWay === undefined) return await this.#load(request);
      this.expire(inTheWay.model);
      await inTheWay.gone;
    }
  }

  async #load(request: RunnerRequest): Promise<Runner> {
    const script = this.#script();
    const runner = this.#newRunner(request, script);
    this.#loaded.set(request.model.blob, runner);
    await waitSeconds(script.loadSeconds * script.timeScale, request.gone);
    if (request.gone.aborted || runner.state === "gone") {
      this.#remove(runner);
      throw new RequestError(499, "request canceled");
    }
    runner.state = "ready";
    this.#use(runner, request);
    return runner;
  }

  #newRunner(request: RunnerRequest, script: Script): Runner {
    const behaviours = behavioursOf(script.version);
    const honest = allocate(request.asked, request.model, script, behaviours);
    const wanted = through(request.hooks, honest, (hook, value) => hook.allocation?.(value));
    const size = loadedBytes(request.model, wanted, script.server.numParallel);
    const explicitGpu = request.asked.numGpu >= 0;
    const gpuShare = place(size, { ...wanted, explicitGpu }, this.#free(script), behaviours);
    return new Runner({
      model: request.model,
      asked: request.asked,
      allocation: { ...wanted, gpuShare },
      numParallel: script.server.numParallel,
      hostPromptCache: behaviours.hostPromptCache && script.server.hostPromptCache,
      keepAliveSeconds: request.keepAliveSeconds ?? foreverIfNegative(script.server.keepAliveSeconds),
    });
  }

  #free(script: Script): { ramBytes: number; vramBytes: number } {
    const vram = this.runners.reduce((sum, runner) => sum + runner.sizeVram, 0);
    const all = this.runners.reduce((sum, runner) => sum + runner.size, 0);
    return { ramBytes: script.memory.ramBytes - (all - vram), vramBytes: script.memory.vramBytes - vram };
  }

  #usable({ model, asked }: RunnerRequest): Runner | undefined {
    const runner = this.#loaded.get(model.blob);
    if (runner?.state !== "ready" || (runner.users === 0 && runner.keepAliveSeconds <= 0)) return undefined;
    const { cutsContextBeforeComparing } = behavioursOf(this.#script().version);
    const longest = cutsContextBeforeComparing ? model.architecture.trainedContext : Number.POSITIVE_INFINITY;
    return needsReload(runner.asked, asked, longest) ? undefined : runner;
  }

  #use(runner: Runner, request: RunnerRequest): void {
    runner.users += 1;
    clearTimeout(runner.expiry);
    if (request.keepAliveSeconds !== undefined) runner.keepAliveSeconds = request.keepAliveSeconds;
    runner.expiresAtMs = expiryOf(runner.keepAliveSeconds);
  }

  /** The idle runner that has to make room when as many models are loaded as may be. */
  #superfluous(): Runner | undefined {
    if (this.#loaded.size < this.#script().server.maxLoadedModels) return undefined;
    return this.runners.find((runner) => runner.users === 0) ?? this.runners[0];
  }

  async #unload(runner: Runner): Promise<void> {
    if (runner.state !== "ready") return;
    runner.state = "unloading";
    const script = this.#script();
    await waitSeconds(script.unloadSeconds * script.timeScale, this.#stopping);
    this.#remove(runner);
  }

  #remove(runner: Runner): void {
    if (this.#loaded.get(runner.model.blob) === runner) this.#loaded.delete(runner.model.blob);
    runner.end();
  }
}

/** Ollama reads a negative keep-alive as "for ever". */
export function foreverIfNegative(seconds: number): number {
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds;
}

function expiryOf(seconds: number): number {
  const forEverSeconds = 292 * 365 * 86_400;
  return Date.now() + Math.min(seconds, forEverSeconds) * 1000;
}
