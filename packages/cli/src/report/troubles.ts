// What went wrong in a set of results: failures and rejected samples, counted and with their advice. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import { type Sample, SampleKind, type TrialResult, Verdict } from "@ozone/proto/trial";
import { CHECK_ADVICE } from "@ozone/shared/check-codes";
import { configurationKey } from "@ozone/shared/configuration";
import { FAILURE_ADVICE, isFailureClass } from "@ozone/shared/failure";

/** Attempts of one configuration that failed in the same way. */
export interface FailureRow {
  readonly modelName: string;
  readonly configuration: Configuration | undefined;
  readonly failureClass: string;
  /** As it was seen the last time. */
  readonly message: string;
  readonly attempts: number;
  readonly advice: string;
}

/** Samples of one model that failed the same check. */
export interface RejectionRow {
  readonly modelName: string;
  readonly check: string;
  readonly samples: number;
  readonly detail: string;
  readonly advice: string;
}

/** Failed attempts, most frequent first. */
export function failureRows(results: readonly TrialResult[]): FailureRow[] {
  const rows = new Map<string, FailureRow>();
  for (const { verdict, failure, modelName, configuration } of results) {
    if (verdict !== Verdict.FAILED) continue;
    const failureClass = failure?.failureClass || "internal";
    const place = configuration ? configurationKey(configuration) : "";
    const key = JSON.stringify([modelName, failureClass, place]);
    rows.set(key, {
      modelName,
      configuration,
      failureClass,
      message: failure?.message ?? "",
      attempts: (rows.get(key)?.attempts ?? 0) + 1,
      advice: isFailureClass(failureClass) ? FAILURE_ADVICE[failureClass] : "",
    });
  }
  return [...rows.values()].sort((a, b) => b.attempts - a.attempts);
}

const failedChecks = ({ checks, kind }: Sample) =>
  checks.filter(({ passed }) => passed === false).map(({ code, detail }) => ({ code, detail, kind }));

/** Where a prompt was to come from the cache, the check asks for the contrary. */
function adviceFor(code: string, kind: SampleKind): string {
  const repeats = kind === SampleKind.SHORTER || kind === SampleKind.WARM_PREFIX;
  if (repeats && code === "no_prefix_cache")
    return "The server computed a prompt again that it had just read: there is no figure of it from the cache, and no fill to share.";
  const advice: Readonly<Record<string, string>> = CHECK_ADVICE;
  return advice[code] ?? "";
}

/** Failed checks of samples, most frequent first; markings (contended, throttled) are among them. */
export function rejectionRows(results: readonly TrialResult[]): RejectionRow[] {
  const rows = new Map<string, RejectionRow>();
  for (const { modelName, samples } of results) {
    for (const { code, detail, kind } of samples.flatMap(failedChecks)) {
      const advice = adviceFor(code, kind);
      const key = JSON.stringify([modelName, code, advice]);
      const seen = rows.get(key)?.samples ?? 0;
      rows.set(key, { modelName, check: code, samples: seen + 1, detail, advice });
    }
  }
  return [...rows.values()].sort((a, b) => b.samples - a.samples);
}
