// A launch: the model out of memory, then in again with every swept option said explicitly, and what /api/ps says of it.
import { promptTokensFor } from "@ozone/shared/configuration";
import { TrialFailure } from "@ozone/shared/failure";
import { formatDuration } from "@ozone/shared/units";
import { type LoadedModel, sameModel } from "../ollama/engine-state.ts";
import { sleep } from "../pause.ts";
import { ask, canEndInTime, requireTime, timeOf } from "./ask-model.ts";
import { type Attempt, loadOptionsOf, warn } from "./attempt.ts";
import { requestOptions } from "./sample-options.ts";
import { loadLimitMs } from "./time-limits.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";
import { candidateWords } from "./word-list.ts";

/** A server that works unloads in well under this. */
const UNLOAD_LIMIT_MS = 15_000;
const POLL_MS = 25;

/** Memory of a discrete GPU is free some time after its runner has ended; less free memory would place fewer layers. */
const GPU_SETTLE_MS = 2_000;

/**
 * Makes launch number `launch` of the attempt.
 * @throws TrialFailure
 */
export async function startFreshRunner(attempt: Attempt, launch: number): Promise<void> {
  const { ports, order, configuration } = attempt;
  noteUsersModels(attempt);
  await unloadModel(attempt);
  attempt.availableBytes ??= ports.conditions.availableBytes?.() ?? null;
  ports.onActivity(`loading ${order.modelName} with num_ctx ${configuration.numCtx}`);
  attempt.holdsModel = true;
  const options = requestOptions(loadOptionsOf(attempt), { numPredict: 1, seed: 0 });
  const limitMs = loadLimitMs(attempt.model?.sizeBytes ?? 0, timeOf(attempt));
  const record = await attempt.engine.generate(
    { model: order.modelName, prompt: "the", options, phase: "load" },
    { signal: ports.signal, limitMs },
  );
  const figures = serverFiguresOf(record.done);
  const state = await loadedState(attempt);
  if (state === null) {
    throw new TrialFailure(
      "runner_crashed",
      `The model ${order.modelName} answered, but /api/ps does not list it right after; its runner ended, or another model took its place.`,
    );
  }
  const { ttftMs, totalMs } = timingsOf(record);
  const clientMs = ttftMs ?? totalMs ?? performance.now() - record.startedAtMs;
  attempt.loads.push({ launch, clientMs, serverMs: figures.loadNs > 0 ? figures.loadNs / 1e6 : null, state });
  if (launch === 0 && ports.waitUntilLimit !== true) attempt.proofFromMs = performance.now();
  await firstLook(attempt);
}

/** A few words in, a few tokens out: is there any hope that a sample ends in time? The longer look is the fairer one. */
const SHORT_LOOK_WORDS = 12;
const LONG_LOOK_WORDS = 150;
const LOOK_PREDICT = 8;

async function firstLook(attempt: Attempt): Promise<void> {
  const { configuration, protocol } = attempt;
  const sample = {
    promptTokens: promptTokensFor(configuration, protocol.fill),
    numPredict: configuration.numPredict,
  };
  await look(attempt, SHORT_LOOK_WORDS);
  if (canEndInTime(attempt, sample)) return;
  await look(attempt, Math.min(LONG_LOOK_WORDS, Math.floor(configuration.numCtx / 4)));
  requireTime(attempt, sample);
}

async function look(attempt: Attempt, words: number): Promise<void> {
  const prompt = candidateWords.slice(-words).join(" ");
  const numPredict = Math.min(LOOK_PREDICT, attempt.configuration.numPredict);
  await ask(attempt, { prompt, promptTokens: words, numPredict });
}

/** What /api/ps says about the model under test, or null when it is not loaded. @throws TrialFailure */
export async function loadedState(attempt: Attempt): Promise<LoadedModel | null> {
  const loaded = await attempt.engine.loaded(attempt.ports.signal);
  return loaded.find(({ name }) => sameModel(name, attempt.order.modelName)) ?? null;
}

/**
 * Unloads the model under test, under whatever name its runner was loaded, and waits until /api/ps no longer lists it.
 * @throws TrialFailure runner_crashed when it stays
 */
export async function unloadModel(
  attempt: Attempt,
  signal: AbortSignal = attempt.ports.signal,
): Promise<void> {
  const { engine, order } = attempt;
  const names = [order.modelName, ...attempt.sharingRunner];
  const ours = async (): Promise<LoadedModel | undefined> =>
    (await engine.loaded(signal)).find((one) => names.some((name) => sameModel(one.name, name)));
  const before = await ours();
  if (before !== undefined) {
    await engine.unload(order.modelName, signal);
    await waitUntilGone(async () => (await ours()) === undefined, attempt, signal);
    if ((before.sizeVramBytes ?? 0) > 0) await sleep(GPU_SETTLE_MS, signal);
  }
  attempt.holdsModel = false;
}

async function waitUntilGone(
  isGone: () => Promise<boolean>,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const limitMs = Math.max(1, Math.min(UNLOAD_LIMIT_MS, Math.max(timeOf(attempt).remainingMs, POLL_MS)));
  const deadlineMs = performance.now() + limitMs;
  while (!(await isGone())) {
    if (performance.now() > deadlineMs) {
      throw new TrialFailure(
        "runner_crashed",
        `The server was asked to unload ${attempt.order.modelName}, but /api/ps still lists it after ${formatDuration(limitMs)}; restart the Ollama server.`,
      );
    }
    await sleep(POLL_MS, signal);
  }
}

function noteUsersModels(attempt: Attempt): void {
  const { loadedBefore, order, sharingRunner } = attempt;
  const others = loadedBefore.filter(({ name }) => !sharingRunner.includes(name));
  if (others.length > 0) {
    warn(attempt, {
      code: "other_model_loaded",
      message: `${others.map(({ name }) => name).join(", ")} was loaded by someone else and is left alone; it takes memory from the model under test.`,
    });
  }
  const renamed = sharingRunner.filter((name) => !sameModel(name, order.modelName));
  if (sharingRunner.length > 0) {
    const which =
      renamed.length === 0
        ? order.modelName
        : `${renamed.join(", ")} (the same weights as ${order.modelName})`;
    warn(attempt, {
      code: "model_was_loaded",
      message: `${which} was loaded by someone else; it was unloaded for a fresh start and is loaded again at the end.`,
    });
  }
}
