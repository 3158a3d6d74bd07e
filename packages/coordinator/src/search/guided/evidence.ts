// What the observations say of the points of a space: medians where samples came, failures where none did.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { groupBy } from "@ozone/shared/group-by";
import type { ObjectiveFigures } from "@ozone/shared/objective";
import { median } from "@ozone/shared/statistics/median";
import type { Observation } from "../strategy.ts";

/** Everything seen of one configuration. */
export interface Seen {
  readonly key: string;
  readonly configuration: Configuration;
  /** Medians over all usable samples; null when there are none. */
  readonly figures: ObjectiveFigures | null;
  /** Usable samples of every purpose, confirmations among them. */
  readonly samples: number;
  readonly confirmedSamples: number;
  /** The largest of its samples over the smallest, less one: 0.1 is 10 %. Of decode rate or TTFT, whichever is more. */
  readonly spread: number;
  readonly trials: number;
  readonly failures: readonly string[];
  /** Whether it was taken to its confirmation, however many samples that gave. */
  readonly confirming: boolean;
  /** The last trial gave fewer samples than it asked for: more can't be had. */
  readonly exhausted: boolean;
}

function seenOf(key: string, group: readonly Observation[]): Seen[] {
  const configuration = group[0]?.configuration;
  if (!configuration) return [];
  const samples = group.flatMap((one) => one.samples);
  const decode = samples.flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  const ttft = samples.flatMap((sample) => sample.ttftMs ?? []);
  const known = decode.length > 0 && ttft.length > 0;
  const last = group.at(-1);
  return [
    {
      key,
      configuration,
      figures: known
        ? {
            numCtx: configuration.numCtx,
            decodeTokensPerSecond: median(decode),
            ttftMs: median(ttft),
          }
        : null,
      samples: samples.length,
      spread: Math.max(spreadOf(decode), spreadOf(ttft)),
      confirmedSamples: group
        .filter(({ purpose }) => purpose === Purpose.CONFIRM)
        .reduce((sum, one) => sum + one.samples.length, 0),
      confirming: group.some(({ purpose }) => purpose === Purpose.CONFIRM),
      trials: group.length,
      failures: group.flatMap(({ failureClass }) => failureClass ?? []),
      exhausted: last !== undefined && last.failureClass === null && last.samples.length < last.wanted,
    },
  ];
}

const spreadOf = (values: readonly number[]): number =>
  values.length < 2 ? 0 : Math.max(...values) / Math.min(...values) - 1;

/** Seen configurations by key; references left out, cancelled trials too. */
export function seenBy(observations: readonly Observation[]): ReadonlyMap<string, Seen> {
  const searched = observations.filter(
    ({ purpose, state }) => purpose !== Purpose.REFERENCE && state !== "cancelled",
  );
  const groups = groupBy(searched, ({ configuration }) => configurationKey(configuration));
  return new Map(
    [...groups].flatMap(([key, group]) => seenOf(key, group).map((seen) => [key, seen] as const)),
  );
}
