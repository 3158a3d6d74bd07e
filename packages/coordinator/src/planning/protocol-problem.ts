// What is wrong with how a trial is to be measured, in one sentence. Pure.
import type { Protocol } from "@ozone/proto/configuration";
import {
  DEPTHS_MAX,
  SAMPLES_PER_ATTEMPT_MAX,
  SAMPLES_PER_RESULT_MAX,
  SUSTAINED_MS_MAX,
} from "@ozone/shared/limits";

const isShare = (value: number): boolean => value > 0 && value <= 1;

/** The first problem, or null. `concurrency` is the largest of the matrix: each request is a sample. */
export function protocolProblem(protocol: Protocol, concurrency: number): string | null {
  const { repetitions, launches, fill, depths, sustainedMs, samplesMax, precision } = protocol;
  const rounds = Math.max(repetitions * Math.max(1, launches), samplesMax);
  if (rounds > SAMPLES_PER_ATTEMPT_MAX) {
    return `${rounds} samples per trial are too many: launches x repetitions may be ${SAMPLES_PER_ATTEMPT_MAX}.`;
  }
  if (Math.max(1, rounds) * concurrency > SAMPLES_PER_RESULT_MAX) {
    return `${Math.max(1, rounds) * concurrency} samples per trial are too many: launches x repetitions x concurrency may be ${SAMPLES_PER_RESULT_MAX}.`;
  }
  if (fill !== 0 && !isShare(fill)) {
    return `fill ${fill} is impossible: use a share above 0 and up to 1, for example 0.9.`;
  }
  const wrong = depths.find((depth) => !isShare(depth));
  if (wrong !== undefined) {
    return `The depth ${wrong} is impossible: use shares of the context above 0 and up to 1, for example 0.25.`;
  }
  if (depths.length > DEPTHS_MAX) return `${depths.length} depths are too many: ${DEPTHS_MAX} are allowed.`;
  if (sustainedMs > SUSTAINED_MS_MAX) return "A sustained run may last a day at most; use a shorter one.";
  const widths = precision ? [precision.decode, precision.prefill, precision.ttft] : [];
  if (widths.some((width) => !(width >= 0 && width < 1))) {
    return "A half-width of precision is impossible: use shares from 0 to below 1, for example 0.02.";
  }
  return null;
}
