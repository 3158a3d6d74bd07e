// The texts of a result that people and servers wrote: all of them go through here before a result is signed, and again before a
// report is made of it. Classes, codes, names of models, versions and figures are left alone.
import { create } from "@bufbuild/protobuf";
import { type Sample, SampleSchema, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import type { Cleaner } from "./without-owner.ts";

/** The result with its texts cleaned; the very same one when there was nothing to clean. */
export function resultWithoutOwner(result: TrialResult, clean: Cleaner): TrialResult {
  let changed = false;
  const cleaned = (text: string): string => {
    const now = clean(text);
    changed ||= now !== text;
    return now;
  };
  const { failure, conditions } = result;
  const copy = create(TrialResultSchema, {
    ...result,
    ...(failure ? { failure: { ...failure, message: cleaned(failure.message) } } : {}),
    warnings: result.warnings.map((warning) => ({ ...warning, message: cleaned(warning.message) })),
    samples: result.samples.map((sample) => sampleWithoutOwner(sample, cleaned)),
    ...(conditions
      ? {
          conditions: {
            ...conditions,
            serverEnvironment: Object.fromEntries(
              Object.entries(conditions.serverEnvironment).map(([name, value]) => [name, cleaned(value)]),
            ),
          },
        }
      : {}),
  });
  return changed ? copy : result;
}

const sampleWithoutOwner = (sample: Sample, cleaned: Cleaner): Sample =>
  create(SampleSchema, {
    ...sample,
    checks: sample.checks.map((check) => ({ ...check, detail: cleaned(check.detail) })),
  });
