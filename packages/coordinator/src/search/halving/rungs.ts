// Who is still in, and how many samples each of them must have. A rung judges by the samples of its own time only: what
// came later must not change who got so far, or a search could not go on where it was.

import { Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { groupBy } from "@ozone/shared/group-by";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { measuredConfigurations } from "../finalists.ts";
import { type Seen, seenBy } from "../guided/evidence.ts";
import { goalsOf, ranking } from "../guided/scores.ts";
import type { Space } from "../guided/space.ts";
import type { Observation, SearchState } from "../strategy.ts";

/** Of so few the finalists are chosen. */
export const LAST_RUNG = 6;
/** Every rung keeps the better half and has twice the samples. */
const HALF = 2;
/** More samples of one configuration would say little that these did not: from here on rungs only halve. */
const SAMPLES_MAX = 16;

/** One configuration in a rung, with the samples that the rung still wants. */
export interface Member {
  readonly seen: Seen;
  readonly missing: number;
}

/** One rung: from 1 upwards; rung 0 is the draw. */
export interface Rung {
  readonly number: number;
  readonly members: readonly Member[];
}

/** Samples that everybody in a rung should have. */
function samplesIn(state: SearchState, rung: number): number {
  const first = samplesWanted(state.protocol);
  return Math.max(first, Math.min(first * HALF ** rung, SAMPLES_MAX));
}

/** What the search itself measured; confirmations are judged by nobody here. */
export const screened = ({ observations }: SearchState): Observation[] =>
  observations.filter(({ purpose, state }) => purpose === Purpose.SCREEN && state !== "cancelled");

/** The observations as far as the first `most` usable samples of each configuration. */
function firstSamples(observations: readonly Observation[], most: number): Observation[] {
  const groups = groupBy(observations, ({ configuration }) => configurationKey(configuration));
  return [...groups.values()].flatMap((group) => {
    let left = most;
    return group.map((one) => {
      const samples = one.samples.slice(0, left);
      left -= samples.length;
      return { ...one, samples };
    });
  });
}

/** Keys of the best `count`, taken in turn from the rankings of the objectives, so that each of them keeps its leaders. */
function best(space: Space, seen: ReadonlyMap<string, Seen>, count: number): string[] {
  const rankings = goalsOf(space, seen).map((goal) => ranking(space, seen, goal));
  const kept = new Set<string>();
  const places = Math.max(0, ...rankings.map(({ length }) => length));
  for (let place = 0; place < places && kept.size < count; place += 1) {
    for (const ranked of rankings) {
      const key = ranked[place]?.seen.key;
      if (key !== undefined && kept.size < count) kept.add(key);
    }
  }
  return [...kept];
}

/** A configuration that failed after it had worked is out; one that gives fewer samples than asked is not asked for ever. */
function missingOf(seen: Seen, rung: number, wanted: number): number {
  const tries = HALF * (rung + 1);
  const spent = seen.failures.length > 0 || seen.exhausted || seen.trials >= tries;
  return spent ? 0 : Math.max(0, wanted - seen.samples);
}

/** The present rung: the first whose members lack samples, or the last one. */
export function presentRung(state: SearchState, space: Space): Rung {
  const observations = screened(state);
  const all = seenBy(observations);
  let keys = [...all.keys()];
  for (let number = 1; ; number += 1) {
    const before = new Set(keys);
    const judged = firstSamples(observations, samplesIn(state, number - 1)).filter(({ configuration }) =>
      before.has(configurationKey(configuration)),
    );
    keys = best(space, seenBy(judged), Math.max(LAST_RUNG, Math.ceil(before.size / HALF)));
    const last = keys.length <= LAST_RUNG;
    const members = keys.flatMap((key): Member[] => {
      const seen = all.get(key);
      return seen ? [{ seen, missing: last ? 0 : missingOf(seen, number, samplesIn(state, number)) }] : [];
    });
    const done = members.every(({ missing }) => missing === 0);
    if (!done || last) return { number, members };
  }
}

/** The observations that the finalists are chosen by: those of the last rung, and of the default. */
export function lastRungObservations(state: SearchState, space: Space, rung: Rung): Observation[] {
  const keys = new Set([space.baseKey, ...rung.members.map(({ seen }) => seen.key)]);
  const observations = screened(state).filter(({ configuration }) =>
    keys.has(configurationKey(configuration)),
  );
  const failed = new Set(
    observations
      .filter(({ failureClass }) => failureClass !== null)
      .map(({ configuration }) => configurationKey(configuration)),
  );
  const reliable = observations.filter(({ configuration }) => !failed.has(configurationKey(configuration)));
  return measuredConfigurations(reliable).length > 0 ? reliable : observations;
}
