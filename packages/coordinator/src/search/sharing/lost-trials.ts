// What was lost with an odd machine: trials that only it measured, or has under way. A strategy that is asked between its
// steps counts on every trial of a step, so the others make them.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { CONFIRMATION_SAMPLES_MIN } from "@ozone/shared/statistics/stopping";
import type { Proposal } from "../strategy.ts";
import { anchorKeys } from "./anchors.ts";
import type { Pool } from "./pool.ts";
import type { SharedSearch, WaitingTrial } from "./shared-search.ts";

interface Made {
  readonly machine: string | null;
  readonly configuration: Configuration;
  readonly purpose: Purpose;
  readonly wanted: number;
}

const identity = ({ configuration, purpose }: Pick<Made, "configuration" | "purpose">): string =>
  `${purpose} ${configurationKey(configuration)}`;

const asMade = (machine: string | null, proposal: Proposal): Made => ({
  machine,
  configuration: proposal.configuration,
  purpose: proposal.purpose,
  wanted: samplesWanted(proposal.protocol),
});

/** The trials that the pool has to make in place of odd machines. */
export function lostWith(
  pool: Pool,
  { search, machines, observations, running, waiting }: SharedSearch,
  anchors: readonly Configuration[],
): WaitingTrial[] {
  if (machines.every((machine) => pool.machines.includes(machine))) return [];
  const keys = anchorKeys(anchors);
  const all = [
    ...observations,
    ...running.map(({ machine, proposal }) => asMade(machine, proposal)),
    // What waits for an odd machine goes to whoever is free.
    ...waiting.map(({ proposal }) => asMade(null, proposal)),
  ].filter(({ purpose }) => purpose !== Purpose.REFERENCE);
  const covered = new Map<string, number>();
  const lost: Made[] = [];
  for (const one of all) {
    if (one.machine === null || pool.machines.includes(one.machine)) {
      covered.set(identity(one), (covered.get(identity(one)) ?? 0) + one.wanted);
    } else if (one.purpose === Purpose.CONFIRM || !keys.has(configurationKey(one.configuration))) {
      lost.push(one);
    }
  }
  const again: WaitingTrial[] = [];
  for (const one of lost) {
    const has = covered.get(identity(one)) ?? 0;
    if (has >= (one.purpose === Purpose.CONFIRM ? CONFIRMATION_SAMPLES_MIN : 1)) continue;
    covered.set(identity(one), has + one.wanted);
    again.push({
      machine: null,
      proposal: {
        configuration: one.configuration,
        purpose: one.purpose,
        protocol: { ...search.protocol, launches: 1, repetitions: one.wanted },
        reason: `in place of ${one.machine}, which is odd`,
      },
    });
  }
  return again;
}
