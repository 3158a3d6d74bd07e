// Are the options in force that were asked for, the KV cache's type among them? Read where the server shows it, else
// concluded from whether it took notice of other values.
import type { LoadedModel } from "../../ollama/engine-state.ts";
import { kvTypeSeen, reactsVisibly } from "../option-probes.ts";
import { type AttemptFacts, loadOf, type SampleFacts } from "./facts.ts";
import { type Finding, failed, passed, unknown } from "./finding.ts";
import { type OptionFinding, serverSettings } from "./server-settings.ts";

/** Load-time options of a configuration, less num_ctx (context_allocated has it). */
function askedOptions({ configuration }: AttemptFacts): [string, number][] {
  const { numBatch, numThread, numGpu, numCtx } = configuration;
  const asked: [string, number | undefined][] = [
    // More than num_ctx is the same as num_ctx, and shown so.
    ["num_batch", Math.min(numBatch, numCtx)],
    ["num_thread", numThread],
    ["num_gpu", numGpu],
  ];
  return asked.filter((one): one is [string, number] => one[1] !== undefined);
}

/** Every swept option is in force, as far as the server lets it be seen. */
export function optionsEffective(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const findings = [
    ...askedOptions(attempt).map((asked) => optionFinding(asked, sample, attempt)),
    ...serverSettings(sample, attempt),
  ];
  const wordsOf = (verdict: OptionFinding["verdict"]): string =>
    findings
      .filter((one) => one.verdict === verdict)
      .map(({ words }) => words)
      .join("; ");
  if (findings.some(({ verdict }) => verdict === "not in force")) {
    return failed("options_effective", wordsOf("not in force"));
  }
  if (findings.some(({ verdict }) => verdict === "unseen")) {
    const why = attempt.optionProbes?.skipped;
    return unknown("options_effective", `${wordsOf("unseen")}${why ? `; ${why}` : ""}`);
  }
  return passed("options_effective", wordsOf("in force"));
}

function optionFinding(
  [option, value]: [string, number],
  sample: SampleFacts,
  attempt: AttemptFacts,
): OptionFinding {
  const state = loadOf(attempt, sample)?.state;
  const shown = state?.effective?.[option];
  if (typeof shown === "number") {
    return shown === value
      ? { verdict: "in force", words: `${option} ${shown} in force` }
      : { verdict: "not in force", words: `${option} is ${shown}, ${value} was sent` };
  }
  return (
    (option === "num_gpu" ? placedFinding(value, attempt, state) : null) ?? triedFinding(option, attempt)
  );
}

/** What the share on the GPU says of num_gpu; null when it says nothing. */
function placedFinding(
  numGpu: number,
  { details }: AttemptFacts,
  state: LoadedModel | undefined,
): OptionFinding | null {
  const { sizeBytes, sizeVramBytes } = state ?? {};
  if (typeof sizeVramBytes !== "number") return null;
  if (numGpu === 0 && sizeVramBytes === 0) {
    return { verdict: "in force", words: "num_gpu 0: nothing is on the GPU" };
  }
  const layers = details.architecture.layers.length;
  const allThere = numGpu > 0 && numGpu < layers && sizeBytes === sizeVramBytes;
  const noneThere = numGpu > 0 && sizeVramBytes === 0;
  if (numGpu !== 0 && !allThere && !noneThere) return null;
  return {
    verdict: "not in force",
    words: `num_gpu ${numGpu} was sent, but ${sizeVramBytes} of ${sizeBytes} bytes are on the GPU`,
  };
}

function triedFinding(option: string, attempt: AttemptFacts): OptionFinding {
  const { optionProbes } = attempt;
  const probe = optionProbes?.probes.find((one) => one.option === option);
  if (optionProbes === null || probe === undefined) {
    return { verdict: "unseen", words: `this server does not show ${option}` };
  }
  const tried = `${option} ${probe.to} instead of ${probe.from}`;
  if (probe.noticed) return { verdict: "in force", words: `${tried} loads the model anew` };
  if (!reactsVisibly(optionProbes)) {
    return {
      verdict: "unseen",
      words: `this server shows no reaction to other options, so ${option} can't be judged`,
    };
  }
  if (option === "num_batch" && isUsualBatch(attempt)) {
    return {
      verdict: "unseen",
      words: `${tried} changes nothing, but ${probe.from} is what an Ollama uses when nobody asks`,
    };
  }
  return { verdict: "not in force", words: `${tried} changes nothing: the server ignores ${option}` };
}

/** Ollama's own num_batch; from 0.30 on it chooses more for contexts above the limit. */
const USUAL_BATCH = 512;
const USUAL_UP_TO_CONTEXT = 4096;

const isUsualBatch = ({ configuration }: AttemptFacts): boolean =>
  configuration.numBatch === USUAL_BATCH && configuration.numCtx <= USUAL_UP_TO_CONTEXT;
/** The type of the KV cache and where it was seen: shown by the server, logged by it, or told by its size. */
function kvTypeOf(sample: SampleFacts, attempt: AttemptFacts): { type: string | null; how: string } {
  const shown = loadOf(attempt, sample)?.state.effective?.kv_cache_type;
  if (typeof shown === "string") return { type: shown, how: "the server shows it" };
  const logged = attempt.logged?.kvCacheType ?? null;
  if (logged !== null) return { type: logged, how: "its log says so" };
  const seen =
    attempt.optionProbes === null ? null : kvTypeSeen(attempt.optionProbes, attempt.details.architecture);
  return { type: seen?.type ?? null, how: seen?.detail ?? "the server does not show it" };
}

/** The KV cache has the type that was asked for; without one asked for, the type is only recorded. */
export function kvTypeEffective(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const asked = attempt.configuration.kvCacheType;
  const { type, how } = kvTypeOf(sample, attempt);
  if (type === null) return unknown("kv_type_effective", `the type of the KV cache is not known: ${how}`);
  if (asked === "") return passed("kv_type_effective", `${type}, none asked for: ${how}`);
  if (type === asked) return passed("kv_type_effective", `${type} as asked: ${how}`);
  const complaint = attempt.logged?.complaint ?? null;
  const why = complaint === null ? "" : `; its log: ${complaint}`;
  const became = type === "f16" ? "the server fell back to f16" : `${type} is in force`;
  return failed("kv_type_effective", `${asked} was asked for, but ${became}: ${how}${why}`);
}
