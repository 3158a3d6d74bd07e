// How many samples a trial asks for.
import type { Protocol } from "@ozone/proto/configuration";

/** Repetitions of all launches; a protocol that says nothing asks for one. */
export const samplesWanted = ({
  launches,
  repetitions,
}: Pick<Protocol, "launches" | "repetitions">): number => Math.max(1, launches) * Math.max(1, repetitions);
