// What the GPUs of a machine come to. Pure.
import { type GpuFacts, UNKNOWN } from "@ozone/shared/machine-facts";

/** Memory of the GPUs that have their own, all together; null without any, and when one does not tell. */
export function ownVramBytes(gpus: readonly GpuFacts[] | null): number | null {
  const own = (gpus ?? []).filter(({ unified }) => unified !== true);
  const known = own.map(({ vramBytes }) => vramBytes).filter((bytes) => bytes !== null);
  return known.length === 0 || known.length < own.length
    ? null
    : known.reduce((sum, bytes) => sum + bytes, 0);
}

/** The drivers in words, each once: "nvidia 560.35.03"; empty where none is known. */
export const driversOf = (gpus: readonly GpuFacts[] | null): string =>
  [
    ...new Set(
      (gpus ?? []).flatMap(({ vendor, driver }) => (driver === UNKNOWN ? [] : [`${vendor} ${driver}`])),
    ),
  ].join(", ");
