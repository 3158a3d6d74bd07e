// Counts honest samples and those of them that were refused, each with the check that did it.
import type { TrialResult } from "@ozone/proto/trial";
import { GUARDING_CHECKS, MARKING_CHECKS } from "@ozone/shared/check-codes";
import { successLowerBound } from "@ozone/shared/statistics/success-bound";
import { hasFailed } from "@ozone/shared/usable-samples";
import type { Finding } from "../claim.ts";

/** One refusal of what was honest. */
export interface Refusal {
  /** The failed checks, or the failure class of the trial. */
  readonly codes: readonly string[];
  /** Which server and order, and what the check says. */
  readonly story: string;
}

/** Samples seen so far. */
export class Tally {
  readonly refusals: Refusal[] = [];
  readonly unknown = new Map<string, number>();
  taken = 0;
  contended = 0;

  /** Counts a result. A trial that failed is one refused sample more. @returns what was refused in it */
  add(words: string, result: TrialResult): readonly Refusal[] {
    const found = result.samples
      .filter(({ valid }) => !valid)
      .map(({ checks }): Refusal => {
        const failed = checks.filter(
          ({ code, passed }) => passed === false && !MARKING_CHECKS.has(code) && !GUARDING_CHECKS.has(code),
        );
        const others = checks.find(({ code }) => code === "uncontended")?.detail ?? "";
        const story = `${words}: ${failed.map(({ code, detail }) => `${code}: ${detail}`).join(" | ")}; ${others}`;
        return { codes: failed.map(({ code }) => code), story };
      });
    const { failure } = result;
    if (failure !== undefined) {
      found.push({
        codes: [failure.failureClass],
        story: `${words}: ${failure.failureClass}: ${failure.message}`,
      });
    }
    this.taken += result.samples.length + (failure === undefined ? 0 : 1);
    for (const { checks } of result.samples) {
      if (hasFailed({ checks }, "uncontended")) this.contended += 1;
      for (const { code } of checks.filter(({ passed }) => passed === undefined)) {
        this.unknown.set(code, (this.unknown.get(code) ?? 0) + 1);
      }
    }
    this.refusals.push(...found);
    return found;
  }

  /** The count against its goal, and the rate with its exact one-sided 95 % upper bound. */
  findings(name: string, goal: { readonly refused: number; readonly percent?: number }): Finding[] {
    const { taken, refusals } = this;
    const upper = 1 - successLowerBound(taken - refusals.length, taken);
    return [
      {
        ...{ name, value: refusals.length, unit: `of ${taken} honest samples refused`, n: taken },
        ...{ goal: { most: goal.refused }, low: null, high: null },
        detail: this.#words(),
      },
      {
        ...{ name: `${name}_rate`, value: (100 * refusals.length) / taken, unit: "%", n: taken },
        ...{ goal: goal.percent === undefined ? {} : { most: goal.percent }, low: null, high: 100 * upper },
        detail: "the interval's end is the exact one-sided 95 % upper bound of the refusal rate",
      },
    ];
  }

  #words(): string {
    const counted = new Map<string, number>();
    for (const { codes } of this.refusals) {
      const key = codes.join("+");
      counted.set(key, (counted.get(key) ?? 0) + 1);
    }
    const list = (of: ReadonlyMap<string, number>): string =>
      [...of].map(([code, count]) => `${code} ${count}`).join(", ");
    return [
      counted.size === 0 ? "none refused" : `refused by ${list(counted)}`,
      `${this.contended} of them while others used the machine`,
      this.unknown.size === 0 ? "no check unknown" : `unknown: ${list(this.unknown)}`,
    ].join("; ");
  }
}
