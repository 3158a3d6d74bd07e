// Was it the model under test, loaded once, where and as it was loaded: digest, context, placement, no reload?
import { type LoadedModel, sameModel } from "../../ollama/engine-state.ts";
import type { EngineSnapshot } from "../evidence.ts";
import { type AttemptFacts, loadOf, ms, nsToMs, type SampleFacts } from "./facts.ts";
import { type Finding, failed, judged, passed, unknown } from "./finding.ts";

/** llama.cpp rounds a context up to a multiple of this. */
const CONTEXT_STEP = 256;

/** A warm request spends up to tens of milliseconds in the scheduler. */
const WARM_LOAD_MS = 50;

/** A load_duration above this share of a fresh load is one. */
const RELOAD_SHARE = 0.6;

const ours = (snapshot: EngineSnapshot, attempt: AttemptFacts): LoadedModel | undefined =>
  snapshot.loaded.find(({ name }) => sameModel(name, attempt.model.name));

/** /api/ps shows the context that was asked for, rounded up at most, and prompts that fit it are taken. */
export function contextAllocated(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { numCtx } = attempt.configuration;
  const { evidence } = sample;
  const states = [
    loadOf(attempt, sample)?.state,
    ours(evidence.before, attempt),
    ours(evidence.after, attempt),
  ];
  const seen = states.map((state) => state?.contextLength ?? null).filter((one) => one !== null);
  const wrong = seen.find((one) => one < numCtx || one > Math.ceil(numCtx / CONTEXT_STEP) * CONTEXT_STEP);
  if (wrong !== undefined) return failed("context_allocated", `${numCtx} asked for, ${wrong} allocated`);
  if (evidence.refusal !== null && attempt.exactLengths) {
    return failed(
      "context_allocated",
      `${numCtx} asked for, but a prompt of ${evidence.promptTokens} tokens was refused: ${evidence.refusal}`,
    );
  }
  if (seen.length === 0)
    return unknown("context_allocated", "the server does not show the allocated context");
  return passed("context_allocated", `${numCtx} asked for, ${seen[0]} allocated`);
}

/** The same digest and version before and after, and nobody else's model came in between. */
export function modelUnchanged({ evidence }: SampleFacts, attempt: AttemptFacts): Finding {
  const complaints = [evidence.before, evidence.after].flatMap((snapshot) =>
    modelComplaints(snapshot, attempt),
  );
  const answered = evidence.stream.done?.model;
  if (typeof answered === "string" && answered !== "" && !sameModel(answered, attempt.model.name)) {
    complaints.push(`the answer says it is from ${answered.slice(0, 80)}, not from ${attempt.model.name}`);
  }
  const digest = attempt.model.digest;
  if (complaints.length === 0 && digest === "") {
    return unknown("model_unchanged", "the server shows no digest of the model");
  }
  return judged(
    "model_unchanged",
    [...new Set(complaints)],
    `digest ${digest.slice(0, 12)} before and after`,
  );
}

function modelComplaints(snapshot: EngineSnapshot, attempt: AttemptFacts): string[] {
  const { model, loadedBefore, engineVersion } = attempt;
  const complaints: string[] = [];
  const installed = snapshot.installed.find(({ name }) => sameModel(name, model.name));
  for (const digest of [ours(snapshot, attempt)?.digest, installed?.digest]) {
    if (digest !== undefined && digest !== "" && digest !== model.digest) {
      complaints.push(`digest ${digest.slice(0, 12)} instead of ${model.digest.slice(0, 12)}`);
    }
  }
  if (installed === undefined) complaints.push(`${model.name} is no longer installed`);
  if (snapshot.version !== engineVersion) {
    complaints.push(`the server is version ${snapshot.version}, it was ${engineVersion}`);
  }
  const strangers = snapshot.loaded.filter(
    ({ name }) =>
      !sameModel(name, model.name) && !loadedBefore.some((before) => sameModel(before.name, name)),
  );
  for (const { name } of strangers) complaints.push(`someone loaded ${name} meanwhile`);
  return complaints;
}

/** The share on the GPU is what it was after the load. */
export function placementUnchanged(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const load = loadOf(attempt, sample)?.state;
  const first = attempt.loads[0]?.state;
  if (load === undefined || first === undefined || load.sizeVramBytes === null) {
    return unknown("placement_unchanged", "the server does not show where the model lies");
  }
  const states = [first, ours(sample.evidence.before, attempt), ours(sample.evidence.after, attempt)];
  const complaints = states.flatMap((state) => {
    if (state === undefined) return ["/api/ps no longer lists the model"];
    if (state.sizeVramBytes === load.sizeVramBytes && state.sizeBytes === load.sizeBytes) return [];
    return [
      `${state.sizeVramBytes} of ${state.sizeBytes} bytes on the GPU, after the load ${load.sizeVramBytes} of ${load.sizeBytes}`,
    ];
  });
  return judged(
    "placement_unchanged",
    [...new Set(complaints)],
    `${load.sizeVramBytes} of ${load.sizeBytes} bytes on the GPU throughout`,
  );
}

/** The runner that answered is the one that was loaded for this launch. */
export function noReloadInside(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { evidence, figures } = sample;
  const load = loadOf(attempt, sample);
  if (load === undefined) return unknown("no_reload_inside", "the load of this launch was not seen");
  if (evidence.stream.done === null) return unknown("no_reload_inside", "the answer has no load_duration");
  const freshMs = load.serverMs ?? load.clientMs;
  const spentMs = nsToMs(figures.loadNs);
  const limitMs = Math.max(WARM_LOAD_MS, RELOAD_SHARE * freshMs) + evidence.ownDelayMs;
  const complaints: string[] = [];
  if (spentMs > limitMs) complaints.push(`load_duration is ${ms(spentMs)}, a fresh load took ${ms(freshMs)}`);
  if (ours(evidence.before, attempt) === undefined)
    complaints.push("the model was not loaded before the sample");
  if (ours(evidence.after, attempt) === undefined)
    complaints.push("the model was not loaded after the sample");
  return judged(
    "no_reload_inside",
    complaints,
    `load_duration ${ms(spentMs)}, a fresh load took ${ms(freshMs)}`,
  );
}
