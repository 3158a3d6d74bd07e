// The three things a check can say, each with a sentence that has the figures seen.
import type { CheckCode } from "@ozone/shared/check-codes";

/** Outcome of one check; `passed` is absent when the check could not be made. */
export interface Finding {
  readonly code: CheckCode;
  readonly passed?: boolean;
  readonly detail: string;
}

/** The check was made and holds. */
export const passed = (code: CheckCode, detail: string): Finding => ({ code, passed: true, detail });

/** The check was made and does not hold. */
export const failed = (code: CheckCode, detail: string): Finding => ({ code, passed: false, detail });

/** The check could not be made; never the same as passed. */
export const unknown = (code: CheckCode, detail: string): Finding => ({ code, detail });

/** Failed with all complaints, or passed with `praise` when there are none. */
export const judged = (code: CheckCode, complaints: readonly string[], praise: string): Finding =>
  complaints.length === 0 ? passed(code, praise) : failed(code, complaints.join("; "));
