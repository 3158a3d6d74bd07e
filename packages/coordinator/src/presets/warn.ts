// What a person must know before using a preset, in sentences. Pure.
import { Provenance } from "@ozone/proto/machine";
import type { TrialResult } from "@ozone/proto/trial";
import { stressWarnings } from "@ozone/shared/memory-stress";
import { PROVENANCE_NOTICE } from "@ozone/shared/provenance";
import { formatDuration } from "@ozone/shared/units";
import { type LeftOut, MACHINES_FOR_A_CLASS } from "./agreeing-machines.ts";
import { type ConfigurationSummary, counts } from "./summarise.ts";

const MEMORY_FAILURES = new Set(["out_of_memory_load", "out_of_memory_run"]);

/** Why max_context is not larger. */
export function contextLimit(chosen: ConfigurationSummary, results: readonly TrialResult[]): string {
  const { numCtx } = chosen.configuration;
  const trained = Math.max(0, ...results.map(({ context }) => context?.trained ?? 0));
  if (trained > 0 && numCtx >= trained) return `num_ctx ${numCtx} is all that the model was trained for.`;
  const larger = results
    .filter((result) => result.failure && counts(result) && (result.configuration?.numCtx ?? 0) > numCtx)
    .sort((a, b) => (a.configuration?.numCtx ?? 0) - (b.configuration?.numCtx ?? 0))[0];
  if (larger?.failure) {
    const kind = MEMORY_FAILURES.has(larger.failure.failureClass)
      ? "limited by memory"
      : "limited by a failure";
    return `${kind}: num_ctx ${larger.configuration?.numCtx} ended in ${larger.failure.failureClass}.`;
  }
  return results.every(({ protocol }) => protocol?.timeBoxed)
    ? "limited by time, not by memory: filling a larger num_ctx would have taken too long for the time box."
    : "limited by what was tried: no larger num_ctx was in the sweep.";
}

/** What the hardware said, and what the sustained run that lost most did. */
function slowingWarnings({ throttled, keptUp, slowedDown }: ConfigurationSummary): string[] {
  const all = slowedDown ? ["The hardware slowed down (heat or power) during some of the samples."] : [];
  const worst = throttled.toSorted((a, b) => (a.ratio ?? 1) - (b.ratio ?? 1))[0];
  if (worst?.ratio === undefined) return all;
  const lost = `The machine lost ${(100 * (1 - worst.ratio)).toFixed(0)} % of its decode rate in ${formatDuration(worst.durationMs)} of load`;
  const which = keptUp
    ? "the figures are those of the end of such a run, short work is faster."
    : "the figures are from before it slowed down, longer work is slower.";
  return [...all, `${lost}; ${which}`];
}

/** By which of the two it is further off. */
function leftOutWarning({ machineId, decodeRatio, ttftRatio }: LeftOut): string {
  const byDecode = Math.abs(Math.log(decodeRatio)) >= Math.abs(Math.log(ttftRatio));
  const what = byDecode ? `decode rate is ${decodeRatio.toFixed(2)}` : `TTFT is ${ttftRatio.toFixed(2)}`;
  return `${machineId} was left out: its ${what} times the median of the machines.`;
}

/** Everything to say about a chosen configuration whatever its purpose. */
export function warnings(chosen: ConfigurationSummary, provenance: Provenance): string[] {
  const all: string[] = [];
  if (provenance !== Provenance.MEASURED) all.push(PROVENANCE_NOTICE[provenance]);
  if (!chosen.confirmed) {
    all.push("preliminary: screened only, not confirmed on fresh samples; the figures may be lucky.");
  }
  if (chosen.samples.some(({ fillIndex }) => fillIndex !== undefined)) {
    all.push(
      "TTFT and prefill are those of fills shared with a longer num_predict; the decode rate is this one's own.",
    );
  }
  if (chosen.contended) {
    all.push("Other programs used the machine during some of the samples; a quiet machine may be faster.");
  }
  if (chosen.drifted && chosen.drift !== null) {
    const share = Math.abs(100 * chosen.drift).toFixed(0);
    all.push(
      `The machine became ${share} % ${chosen.drift < 0 ? "slower" : "faster"} while this was measured (by the drift reference); gains of that size may be drift.`,
    );
  }
  if (chosen.confirmed && chosen.drift === null) {
    all.push("Drift was not checked: there is no reference measurement before and after these samples.");
  }
  all.push(...slowingWarnings(chosen));
  all.push(...stressWarnings(chosen.memories));
  all.push(...chosen.leftOut.map(leftOutWarning));
  if (chosen.machineIds.length < MACHINES_FOR_A_CLASS) {
    const count = chosen.machineIds.length;
    all.push(
      count === 1
        ? "single source: one machine of this hardware class was measured."
        : `few sources: ${count} machines of this hardware class were measured.`,
    );
  }
  return all;
}
