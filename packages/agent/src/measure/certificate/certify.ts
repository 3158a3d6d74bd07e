// The validity certificate of one sample: every check of the closed list, in its order.
import { clocksAgree } from "./clock-checks.ts";
import type { AttemptFacts, SampleFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { uncontended, unthrottled } from "./machine-checks.ts";
import { kvTypeEffective, optionsEffective } from "./options-checks.ts";
import { chunkRatio, outputComplete, streamWellformed } from "./output-checks.ts";
import { noPrefixCache, noTruncation, promptTokensMatch } from "./prompt-checks.ts";
import { ratePlausible } from "./rate-check.ts";
import { contextAllocated, modelUnchanged, noReloadInside, placementUnchanged } from "./runner-checks.ts";

type CheckOf = (sample: SampleFacts, attempt: AttemptFacts) => Finding;

const checks: readonly CheckOf[] = [
  promptTokensMatch,
  noTruncation,
  noPrefixCache,
  outputComplete,
  contextAllocated,
  modelUnchanged,
  placementUnchanged,
  noReloadInside,
  optionsEffective,
  clocksAgree,
  ratePlausible,
  chunkRatio,
  uncontended,
  unthrottled,
  kvTypeEffective,
  streamWellformed,
];

/** Certifies one sample within its attempt. */
export const certify = (sample: SampleFacts, attempt: AttemptFacts): Finding[] =>
  checks.map((check) => check(sample, attempt));
