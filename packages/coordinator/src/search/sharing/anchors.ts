// Anchor trials: a few configurations that every machine of a class measures, at the start and now and then, so that
// each machine's own offset can be told from what the configurations do.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configurationKey, DIMENSION_FIELDS } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { baseConfiguration, expandMatrix } from "../option-space.ts";
import type { Proposal, SearchState } from "../strategy.ts";
import type { SharedSearch } from "./shared-search.ts";

/** The default and three others: fewer give no interval worth the name, more cost every machine their time. */
export const ANCHORS = 4;
/** One anchor again after so many trials of a machine. */
export const ANCHOR_EVERY = 24;

const FIELDS = Object.values(DIMENSION_FIELDS);
const difference = (a: Configuration, b: Configuration): number =>
  FIELDS.filter((field) => a[field] !== b[field]).length;

/**
 * The anchors of a search, the default first: then points by chance that differ from it and from each other in as many
 * options as may be, with contexts no larger than the default's, because every machine has to pay for them.
 */
export function anchorsOf(search: SearchState): Configuration[] {
  const base = baseConfiguration(search);
  const points = expandMatrix(search.matrix, base);
  const cheap = points.filter(({ numCtx }) => numCtx <= base.numCtx);
  const open = seededRandom(`${search.seed}/anchors`).shuffle(cheap.length > 0 ? cheap : points);
  const chosen = [base];
  while (chosen.length < ANCHORS) {
    const apart = (point: Configuration) => Math.min(...chosen.map((other) => difference(point, other)));
    const next = open.reduce((best, point) => (apart(point) > apart(best) ? point : best), base);
    if (apart(next) === 0) break;
    chosen.push(next);
  }
  return chosen;
}

/** Keys of anchors. */
export const anchorKeys = (anchors: readonly Configuration[]): ReadonlySet<string> =>
  new Set(anchors.map(configurationKey));

/** The anchor that a machine has to measure next, or null. */
export function dueAnchor(
  { search, observations, running }: SharedSearch,
  anchors: readonly Configuration[],
  machine: string,
): Proposal | null {
  const keys = anchorKeys(anchors);
  const ended = observations.filter((one) => one.machine === machine && one.state !== "cancelled");
  const isAnchor = ({ configuration }: { configuration: Configuration }) =>
    keys.has(configurationKey(configuration));
  const measured = ended.filter(isAnchor);
  const tried = new Set(measured.map(({ configuration }) => configurationKey(configuration)));
  const missing = anchors.find((anchor) => !tried.has(configurationKey(anchor)));
  const propose = (configuration: Configuration, reason: string): Proposal => ({
    configuration,
    purpose: Purpose.SCREEN,
    protocol: search.protocol,
    reason,
  });
  if (missing) return propose(missing, "an anchor trial: every machine of the class measures it");
  const since = ended.length - 1 - ended.findLastIndex(isAnchor);
  const confirming = [...observations, ...running.map(({ proposal }) => proposal)].some(
    ({ purpose }) => purpose === Purpose.CONFIRM,
  );
  const again = anchors[measured.length % anchors.length];
  if (since < ANCHOR_EVERY || confirming || !again) return null;
  return propose(again, `an anchor trial again, after ${since} others on this machine`);
}
