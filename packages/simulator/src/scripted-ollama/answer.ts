// From a request for text to its answer: find the model, get a runner, fit the prompt, take a slot, generate.
import { fitPrompt } from "./context-limit.ts";
import { generate } from "./generation.ts";
import type { GenerationRequest } from "./generation-request.ts";
import { readGenerationRequest } from "./generation-request.ts";
import type { Acting, LieHooks } from "./lies/hooks.ts";
import { actAt, through } from "./lies/hooks.ts";
import { hooksFor } from "./lies/lie.ts";
import { boundedPredict, readOptions } from "./options.ts";
import { chunkRecord } from "./reply.ts";
import { RequestError } from "./request-error.ts";
import type { Runner } from "./runner.ts";
import { waitSeconds } from "./schedule.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import type { Token } from "./tokens.ts";
import { tokenize } from "./tokens.ts";
import { behavioursOf } from "./versions.ts";
import type { Wire } from "./wire.ts";
import type { RecordedRequest, World } from "./world.ts";

/** When the request arrived, and when its runner was ready. */
export interface Arrival {
  arrivedMs: number;
  loadedMs: number;
}

/** An answer on its way, as the steps below hand it on. */
export interface Job {
  readonly world: World;
  readonly request: GenerationRequest;
  readonly model: ScriptedModel;
  readonly wire: Wire;
  readonly hooks: readonly LieHooks[];
  readonly acting: Acting;
  readonly clock: Arrival;
}

/**
 * Answers /api/generate or /api/chat.
 * @throws RequestError for every refusal before the first byte.
 */
export async function answer(world: World, record: RecordedRequest, wire: Wire): Promise<void> {
  const kind = record.path === "/api/chat" ? "chat" : "generate";
  const request = readGenerationRequest(kind, record.body as Record<string, unknown>);
  const tokens = tokenize(request.parts.join(" "), new Set(world.script.badWords));
  const hooks = hooksFor([...world.script.lies, ...world.script.faults], {
    sample: sampleNumber(world, record, request, tokens),
    samplesBegun: world.samplesBegun,
  });
  const model = hooks.some((hook) => hook.knowsNoModel) ? undefined : world.store.find(request.model);
  if (model === undefined) throw new RequestError(404, `model '${request.model}' not found`);
  const clock: Arrival = { arrivedMs: record.atMs, loadedMs: record.atMs };
  const acting = actingOn(world, { model, request, wire, path: record.path, clock });
  const job: Job = { world, request, model, wire, hooks, acting, clock };
  if (request.empty && request.keepAliveSeconds === 0) {
    if (!hooks.some((hook) => hook.neverUnloads)) world.scheduler.expire(model);
    wire.json(200, emptyReply(request, "unload"));
  } else {
    await answerWithRunner(job, tokens);
  }
}

async function answerWithRunner(job: Job, tokens: readonly Token[]): Promise<void> {
  const { world, request, model, hooks, wire } = job;
  const behaviours = behavioursOf(world.script.version);
  const sources = { script: world.script, model, behaviours, requested: request.options };
  const options = readOptions(sources, request.shift);
  if (await actAt(hooks, "arrival", job.acting)) return;
  const stays = request.keepAliveSeconds === 0 && hooks.some((hook) => hook.neverUnloads);
  const runner = await world.scheduler.acquire({
    model,
    asked: through(hooks, options.load, (hook, asked) => hook.load?.(asked)),
    keepAliveSeconds: stays ? undefined : request.keepAliveSeconds,
    hooks,
    gone: wire.gone,
  });
  // The scheduler lets go of a runner as soon as the client has gone, even if the runner itself still computes.
  const letGo = once(() => world.scheduler.release(runner));
  wire.gone.addEventListener("abort", letGo, { once: true });
  try {
    job.clock.loadedMs = performance.now();
    if (request.empty) {
      wire.json(200, emptyReply(request, "load"));
      return;
    }
    if (await actAt(hooks, "loaded", job.acting)) return;
    const prompt = promptFor(job, runner, tokens, options.run.numKeep);
    await generate(job, runner, prompt, {
      numPredict: boundedPredict(options.run.numPredict, runner.allocation.numCtx),
      seed: options.run.seed,
      shift: shiftOf(request, options.load.numCtx, behaviours.defaultShiftBelowNumCtx),
    });
  } finally {
    wire.gone.removeEventListener("abort", letGo);
    letGo();
  }
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

function promptFor(job: Job, runner: Runner, tokens: readonly Token[], numKeep: number): readonly Token[] {
  const { world, request, hooks } = job;
  const behaviours = behavioursOf(world.script.version);
  const { numCtx } = runner.allocation;
  const shift = shiftOf(request, numCtx, behaviours.defaultShiftBelowNumCtx);
  const whole = request.kind === "chat" && request.truncate ? dropOldMessages(job, tokens, numCtx) : tokens;
  const fit = { tokens: whole, numCtx, numKeep, truncate: request.truncate, shift };
  for (const hook of hooks) {
    const cut = hook.fit?.(fit);
    if (cut !== undefined) return cut;
  }
  return fitPrompt(fit, behaviours);
}

/** A chat loses whole messages, oldest first, before anything is cut inside one. */
function dropOldMessages(job: Job, tokens: readonly Token[], numCtx: number): readonly Token[] {
  const badWords = new Set(job.world.script.badWords);
  let { parts } = job.request;
  let kept = tokens;
  while (kept.length > numCtx && parts.length > 1) {
    parts = parts.slice(1);
    kept = tokenize(parts.join(" "), badWords);
  }
  return kept;
}

function shiftOf(request: GenerationRequest, numCtx: number, defaultBelow: number): boolean {
  return request.shift ?? numCtx < defaultBelow;
}

function sampleNumber(
  world: World,
  record: RecordedRequest,
  request: GenerationRequest,
  tokens: readonly Token[],
): number | null {
  const { minPromptTokens, minPredict } = world.script.measured;
  const predict = request.options.num_predict;
  const open = typeof predict !== "number" || predict <= 0;
  if (request.empty || tokens.length < minPromptTokens || !(open || predict >= minPredict)) return null;
  world.samplesBegun += 1;
  record.sample = world.samplesBegun;
  return world.samplesBegun;
}

function emptyReply(request: GenerationRequest, reason: "load" | "unload"): Record<string, unknown> {
  return { ...chunkRecord(request, ""), done: true, done_reason: reason };
}

function actingOn(
  world: World,
  { model, request, wire, path, clock }: Pick<Job, "model" | "request" | "wire" | "clock"> & { path: string },
): Acting {
  return {
    path,
    engine: behavioursOf(world.script.version).engine,
    redirectTo: world.script.redirectTo,
    answer: (status, body, headers) => wire.json(status, body, headers),
    writeLine: (line) => (request.stream ? void wire.line(line) : wire.json(500, JSON.parse(line))),
    writeBytes: (count) => wire.bytes(count),
    end: () => wire.end(),
    reset: () => wire.reset(),
    drip: (seconds) => wire.drip(seconds),
    wait: (seconds) => waitSeconds(seconds, wire.gone),
    arriveNow: () => {
      clock.arrivedMs = performance.now();
    },
    untilClosed: () => wire.untilGone(),
    evict: () => world.scheduler.evict(model),
    expire: () => world.scheduler.expire(model),
    crash: () => world.scheduler.crash(model),
    moveTo: (gpuShare) => {
      const runner = world.scheduler.runners.find((candidate) => candidate.model.blob === model.blob);
      if (runner !== undefined) runner.allocation = { ...runner.allocation, gpuShare };
    },
  };
}
