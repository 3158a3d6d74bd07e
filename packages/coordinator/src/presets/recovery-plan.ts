// What to run instead when an extreme context fails: from the nearest step down to the safest. Pure.
import { create } from "@bufbuild/protobuf";
import { type RecoveryStep, RecoveryStepSchema } from "@ozone/proto/preset";
import { describeConfiguration } from "@ozone/shared/configuration";
import { stability } from "@ozone/shared/figures";
import { isProven } from "./proven.ts";
import type { ConfigurationSummary } from "./summarise.ts";

/** The largest context, then the fastest, then by key. */
const largest = (summaries: readonly ConfigurationSummary[]): ConfigurationSummary | undefined =>
  summaries.toSorted(
    (a, b) =>
      b.figures.numCtx - a.figures.numCtx ||
      b.figures.decodeTokensPerSecond - a.figures.decodeTokensPerSecond ||
      (a.key < b.key ? -1 : 1),
  )[0];

const step = (words: string, summary?: ConfigurationSummary): RecoveryStep =>
  create(RecoveryStepSchema, {
    words,
    ...(summary
      ? {
          configuration: summary.configuration,
          stability: stability(summary.successes, summary.runs),
          proven: isProven(summary),
        }
      : {}),
  });

function stepTo(what: string, summary: ConfigurationSummary): RecoveryStep {
  const { words } = stability(summary.successes, summary.runs);
  const proof = isProven(summary) ? "proven stable" : "not proven stable";
  return step(`${what}: ${describeConfiguration(summary.configuration)} (${proof}: ${words}).`, summary);
}

/**
 * The steps down from a configuration.
 * @param base the default configuration, where it was measured.
 */
export function recoveryPlan(
  chosen: ConfigurationSummary,
  summaries: readonly ConfigurationSummary[],
  base: ConfigurationSummary | undefined,
): RecoveryStep[] {
  const below = summaries.filter(({ figures: { numCtx } }) => numCtx < chosen.figures.numCtx);
  const next = largest(below.filter(({ successes, runs }) => successes === runs));
  const proven = largest(below.filter(isProven));
  const steps = [
    step(
      "After out of memory, a crash or no answer in time: unload it with `ollama stop`, or end the server where that does not answer; then go down one step.",
    ),
  ];
  if (next && next.key !== proven?.key && next.key !== base?.key) {
    steps.push(stepTo("Nearest context below whose runs all succeeded", next));
  }
  if (proven) steps.push(stepTo("Largest context below that is proven stable", proven));
  else steps.push(step("No smaller context is proven stable on this hardware class yet."));
  if (base && base.key !== proven?.key && base.key !== chosen.key) {
    steps.push(stepTo("The default, by leaving every option out", base));
  }
  return steps;
}
