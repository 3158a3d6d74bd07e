// What is running on other machines, taken as the surrogate believes it to end (the "kriging believer" of Ginsbourger,
// Le Riche and Carraro 2010): the next proposal then looks elsewhere, and nothing is asked for twice by accident.
import { create } from "@bufbuild/protobuf";
import { SampleSchema } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import type { Observation, Proposal, SearchState } from "../strategy.ts";
import { isBeyond } from "./beyond.ts";
import { seenBy } from "./evidence.ts";
import type { Learn } from "./knowledge.ts";
import { measuredPoints } from "./scores.ts";
import type { Space } from "./space.ts";
import type { Predicted } from "./surrogate.ts";

function outcome({ configuration, purpose, protocol }: Proposal, believed: Predicted | null): Observation {
  const wanted = samplesWanted(protocol);
  const sample = believed
    ? create(SampleSchema, {
        valid: true,
        decodeTokensPerSecond: Math.exp(believed.logDecode.mean),
        ttftMs: Math.exp(believed.logTtft.mean),
      })
    : null;
  return {
    configuration,
    purpose,
    state: "running",
    failureClass: null,
    samples: sample ? Array.from({ length: wanted }, () => sample) : [],
    wanted,
    elapsedMs: 0,
  };
}

/**
 * The observations, and one for each trial that is running. That a context beyond all that worked will work is believed
 * only where it surely fits: else such a trial is known to be under way, and no more.
 */
export function believedOutcomes(state: SearchState, space: Space, learning: Learn): Observation[] {
  const { observations, pending = [] } = state;
  const seen = seenBy(observations);
  const beyond = isBeyond(state);
  const surrogate = learning(space, measuredPoints(space, seen));
  const believed = pending.map((proposal) => {
    const point = space.byKey.get(configurationKey(proposal.configuration));
    const known = point && !beyond(point.configuration.numCtx);
    return outcome(proposal, known ? surrogate.predict(point) : null);
  });
  return [...observations, ...believed];
}
