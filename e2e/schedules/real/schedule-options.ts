// The words after `npm run e2e --`, parsed.
import { parseArgs } from "node:util";
import { messageOf } from "@ozone/shared/errors";

const OPTIONS = {
  schedules: { type: "string" },
  seed: { type: "string" },
  only: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** What was asked for. */
export interface ScheduleOptions {
  readonly schedules: number;
  readonly seed: string;
  /** Only this one of them. */
  readonly only: number | null;
  readonly json: boolean;
}

function whole(text: string | undefined, name: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name} ${text ?? ""} is not a whole number from 1 on.`);
  return value;
}

function valuesOf(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS }).values;
  } catch (thrown) {
    throw new RangeError(messageOf(thrown), { cause: thrown });
  }
}

/**
 * Parses them.
 * @param freshSeed taken without --seed; it is printed, so that the run can be repeated
 * @throws RangeError with one sentence
 */
export function scheduleOptions(words: readonly string[], freshSeed: string): ScheduleOptions {
  const values = valuesOf(words);
  const only = values.only === undefined ? null : whole(values.only, "only");
  const schedules = whole(values.schedules, "schedules");
  if (only !== null && only > schedules)
    throw new RangeError(`--only ${only} is beyond --schedules ${schedules}.`);
  return { schedules, seed: values.seed ?? freshSeed, only, json: values.json };
}
