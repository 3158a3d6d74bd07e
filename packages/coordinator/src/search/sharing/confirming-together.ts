// Confirmations of a class: each finalist is confirmed by the same machines, each with its part of the samples. No
// finalist has a luckier set of machines then, and what is published rests on several.
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import type { Proposal } from "../strategy.ts";
import type { WaitingTrial } from "./shared-search.ts";

/**
 * A trial as the class runs it: a confirmation in parts, one for each machine but no more than there are samples;
 * anything else as it is, for whichever machine is free. Together the parts have at least the samples of the whole.
 * A part does not sample on until it is precise: precision is judged on all parts together.
 */
export function partsFor(proposal: Proposal, machines: readonly string[]): WaitingTrial[] {
  if (proposal.purpose !== Purpose.CONFIRM || machines.length < 2) return [{ machine: null, proposal }];
  const wanted = samplesWanted(proposal.protocol);
  const chosen = machines.slice(0, wanted);
  const { precision: _, ...protocol } = proposal.protocol;
  const each = Math.ceil(wanted / chosen.length);
  return chosen.map((machine, index) => ({
    machine,
    proposal: {
      ...proposal,
      protocol: create(ProtocolSchema, { ...protocol, launches: 1, repetitions: each }),
      reason: `${proposal.reason}; part ${index + 1} of ${chosen.length}, each on another machine of the class`,
    },
  }));
}
