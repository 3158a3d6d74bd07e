// One generation in a slot: prefill batch by batch, then token by token, on an absolute schedule. The durations that are reported
// are the ones that were really taken.
import type { Job } from "./answer.ts";
import { roomFor } from "./context-limit.ts";
import type { GenerationPlan, Position } from "./lies/hooks.ts";
import { actAt, through } from "./lies/hooks.ts";
import type { SamplePace } from "./pace.ts";
import { reusableTokens } from "./prompt-cache.ts";
import { answerWords, noiseFactor, seededRandom, seedFromText } from "./random.ts";
import type { Measurements } from "./reply.ts";
import { chunkRecord, finalRecord, numbersOf } from "./reply.ts";
import type { Runner } from "./runner.ts";
import { Schedule } from "./schedule.ts";
import { slownessOf } from "./speed.ts";
import type { Token } from "./tokens.ts";
import { tokenId } from "./tokens.ts";
import { behavioursOf, compareVersions } from "./versions.ts";

/** The options of one generation, resolved. */
export interface GenerationOptions {
  readonly numPredict: number;
  readonly seed: number;
  readonly shift: boolean;
}

/** Everything that the steps of one generation share. */
interface Run {
  readonly job: Job;
  readonly runner: Runner;
  readonly plan: GenerationPlan;
  readonly pace: SamplePace;
  /** The noise of this whole generation. */
  readonly noise: number;
  readonly schedule: Schedule;
  readonly nextWord: () => string;
  /** What was made so far: prompt tokens computed and words generated. */
  readonly made: { promptTokens: number; lastBatchMs: number; readonly words: string[] };
}

interface Clock {
  readonly startMs: number;
  readonly firstTokenMs: number;
  readonly lastTokenMs: number;
}

/** Waits for a slot, generates and answers. A client that goes away ends it early; the slot is always given back. */
export async function generate(
  job: Job,
  runner: Runner,
  prompt: readonly Token[],
  options: GenerationOptions,
): Promise<void> {
  const taken = await runner.takeSlot(prompt, job.wire.gone);
  if (taken === undefined) return;
  const made: Run["made"] = { promptTokens: 0, lastBatchMs: 0, words: [] };
  try {
    const plan = planFor(job, runner, prompt, { ...options, sharedTokens: taken.sharedTokens });
    const startMs = performance.now();
    const { world } = job;
    const run: Run = {
      job,
      runner,
      plan,
      pace: world.nextPace(plan.promptTokens - plan.cachedTokens),
      noise: noiseFactor(world.noise, world.script.jitter.sampleCv),
      schedule: new Schedule(startMs, scheduleSignal(job)),
      nextWord: answerWords(seededRandom(seedFromText(prompt.slice(0, 64).join(" ")) + options.seed)),
      made,
    };
    await answerInSlot(run, prompt, startMs);
  } finally {
    // The last word was never fed back, so it is not in the cache.
    runner.giveSlotBack(taken.slot, [...prompt.slice(0, made.promptTokens), ...made.words.slice(0, -1)]);
  }
}

async function answerInSlot(run: Run, prompt: readonly Token[], startMs: number): Promise<void> {
  const { job, plan } = run;
  if (plan.opensWithEmptyChunk) await sendText(run, "", { index: 0, total: plan.evalTokens });
  if (!(await prefill(run))) return;
  const firstTokenMs = performance.now();
  if (await actAt(job.hooks, "headers", job.acting)) return;
  if (plan.oneWrite) job.wire.hold();
  const lastTokenMs = await decode(run, firstTokenMs);
  if (lastTokenMs === undefined) return;
  await finish(run, prompt, { startMs, firstTokenMs, lastTokenMs });
  await actAt(job.hooks, "finished", job.acting);
}

/** Computes the prompt; false when the client's going away has stopped it. */
async function prefill({ job, runner, plan, pace, noise, schedule, made }: Run): Promise<boolean> {
  const { script } = job.world;
  const { numBatch } = runner.allocation;
  for (let from = plan.cachedTokens; from < plan.promptTokens; from += numBatch) {
    const to = Math.min(from + numBatch, plan.promptTokens);
    const slowness = slownessOf(runner.allocation, script, runner.active).prefill;
    const honest = pace.prefillSeconds(from, to) * slowness * noise * stepNoise(job) * script.timeScale;
    const batchFromMs = performance.now();
    await schedule.step(through(job.hooks, honest, (hook, seconds) => hook.prefill?.(seconds)));
    made.lastBatchMs = performance.now() - batchFromMs;
    made.promptTokens = to;
    if (
      job.world.stopping.aborted ||
      runner.state === "gone" ||
      (job.wire.gone.aborted && behavioursOf(script.version).cancelStopsPrefill)
    ) {
      return false;
    }
  }
  return !job.wire.gone.aborted;
}

/** Makes the tokens; the time of the last one, or undefined when the answer has ended otherwise. */
async function decode(run: Run, firstTokenMs: number): Promise<number | undefined> {
  const { job, plan } = run;
  // A schedule of its own: a first token that came late must not shorten the decode.
  const schedule = new Schedule(firstTokenMs, scheduleSignal(job));
  let lastTokenMs = firstTokenMs;
  let pending = "";
  let pendingTokens = 0;
  for (let index = 0; index < plan.evalTokens; index += 1) {
    const position: Position = { index, total: plan.evalTokens };
    if (index > 0) {
      await schedule.step(gapBefore(run, position));
      lastTokenMs = performance.now();
    }
    if (job.wire.gone.aborted) return undefined;
    if (await actAt(job.hooks, "token", job.acting, position)) return undefined;
    const word = run.nextWord();
    run.made.words.push(word);
    pending += ` ${word}`;
    pendingTokens += 1;
    const isLast = index === plan.evalTokens - 1;
    if (isLast || (index + 1 >= plan.heldTokens && pendingTokens >= plan.tokensPerChunk)) {
      await sendText(run, pending, position);
      pending = "";
      pendingTokens = 0;
    }
  }
  return lastTokenMs;
}

function gapBefore({ job, runner, plan, pace, noise }: Run, position: Position): number {
  const { script } = job.world;
  const slowness = slownessOf(runner.allocation, script, runner.active).decode;
  const depth = Math.min(plan.promptTokens + position.index - 1, runner.allocation.numCtx);
  const honest =
    pace.gapSeconds(position.index, depth) * slowness * noise * stepNoise(job) * script.timeScale;
  return through(job.hooks, honest, (hook, seconds) => hook.gap?.(seconds, position));
}

async function sendText({ job }: Run, text: string, position: Position): Promise<void> {
  if (!job.request.stream) return;
  const texts = job.hooks.reduce(
    (all, hook) => all.flatMap((one) => hook.texts?.(one, position) ?? [one]),
    [text],
  );
  for (const one of texts) {
    const honest = JSON.stringify(chunkRecord(job.request, one));
    await job.wire.line(through(job.hooks, honest, (hook, line) => hook.line?.(line, position)));
  }
}

async function finish(run: Run, prompt: readonly Token[], clock: Clock): Promise<void> {
  const { job, plan, made } = run;
  const { words } = made;
  const { request, wire, hooks } = job;
  let numbers = numbersOf(measure(run, clock));
  const text = request.stream ? "" : words.map((word) => ` ${word}`).join("");
  for (const hook of hooks) {
    const told = hook.final === undefined ? numbers : hook.final(numbers);
    if (told === null) {
      await endWithoutDone(run, text);
      return;
    }
    numbers = told;
  }
  const context =
    request.kind === "generate" && !request.raw ? [...prompt, ...words].map(tokenId) : undefined;
  const record = finalRecord(request, { text, doneReason: plan.doneReason, context }, numbers);
  if (!request.stream) {
    wire.json(200, record);
    return;
  }
  const lines = hooks.reduce(
    (all, hook) => all.flatMap((line) => hook.closing?.(line) ?? [line]),
    [JSON.stringify(record)],
  );
  for (const line of lines) await wire.line(line);
  await wire.release();
  wire.end();
}

async function endWithoutDone({ job }: Run, text: string): Promise<void> {
  if (!job.request.stream) {
    job.wire.json(200, chunkRecord(job.request, text));
    return;
  }
  await job.wire.release();
  job.wire.end();
}

function measure({ job, plan, made }: Run, clock: Clock): Measurements {
  const { version, cachedCountSince } = job.world.script;
  const nanoseconds = (fromMs: number, toMs: number) => Math.round((toMs - fromMs) * 1e6);
  const { promptCountExcludesCached, promptDurationIsLastBatch } = behavioursOf(version);
  const excluded = promptCountExcludesCached ? plan.cachedTokens : 0;
  return {
    totalNs: nanoseconds(job.clock.arrivedMs, performance.now()),
    loadNs: nanoseconds(job.clock.arrivedMs, job.clock.loadedMs),
    promptCount: plan.promptTokens - excluded,
    cachedCount: compareVersions(version, cachedCountSince) >= 0 ? plan.cachedTokens : undefined,
    promptNs: promptDurationIsLastBatch
      ? nanoseconds(0, made.lastBatchMs)
      : nanoseconds(clock.startMs, clock.firstTokenMs),
    evalCount: made.words.length,
    evalNs: nanoseconds(clock.firstTokenMs, clock.lastTokenMs),
  };
}

function planFor(
  job: Job,
  runner: Runner,
  prompt: readonly Token[],
  { numPredict, shift, sharedTokens }: GenerationOptions & { sharedTokens: number },
): GenerationPlan {
  const { script } = job.world;
  const behaviours = behavioursOf(script.version);
  const room = shift
    ? Number.POSITIVE_INFINITY
    : roomFor(prompt.length, runner.allocation.numCtx, behaviours);
  const stop = script.stopAfterTokens ?? Number.POSITIVE_INFINITY;
  const limit = Math.min(numPredict, room);
  const cached = behaviours.cacheNeedsShift && !shift ? 0 : reusableTokens(sharedTokens, prompt.length);
  const honest: GenerationPlan = {
    promptTokens: prompt.length,
    cachedTokens: cached,
    numPredict,
    evalTokens: Math.min(limit, stop),
    doneReason: stop < limit ? "stop" : "length",
    tokensPerChunk: 1,
    heldTokens: 0,
    opensWithEmptyChunk: false,
    oneWrite: false,
  };
  return through(job.hooks, honest, (hook, plan) => hook.plan?.(plan));
}

function stepNoise({ world }: Job): number {
  return noiseFactor(world.noise, world.script.jitter.stepCv);
}

/** Older releases finish the prefill of a client that has gone away; only the end of the runner cuts it short. */
function scheduleSignal({ world, wire }: Job): AbortSignal {
  return behavioursOf(world.script.version).cancelStopsPrefill ? wire.gone : world.stopping;
}
