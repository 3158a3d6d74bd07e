// Points of a matrix that differ in num_predict only, put together where one fill can serve them all: the longest is
// measured, and the shorter answers are asked for behind its fills. Pure.
import { create } from "@bufbuild/protobuf";
import { type Configuration, ConfigurationSchema, type Protocol } from "@ozone/proto/configuration";
import { configurationKey, promptTokensFor } from "@ozone/shared/configuration";
import { groupBy } from "@ozone/shared/group-by";
import { sharesFill } from "@ozone/shared/shared-fill";

/** A point to measure, with the shorter output lengths that it answers for. */
export interface SharedPoint {
  readonly configuration: Configuration;
  /** Longest first; none where it has its fills to itself. */
  readonly shorterPredicts: readonly number[];
}

type Asked = Pick<Protocol, "shareFill" | "fill">;

/** Equal for points that would send the same prompt. */
const fillKey = (point: Configuration, fill: number): string =>
  `${configurationKey(create(ConfigurationSchema, { ...point, numPredict: 0 }))} ${promptTokensFor(point, fill)}`;

function together(points: readonly Configuration[], fill: number): SharedPoint[] {
  const [longest, ...others] = points.toSorted((a, b) => b.numPredict - a.numPredict);
  if (!longest) return [];
  const shares = ({ numPredict }: Configuration): boolean => sharesFill(longest, numPredict, fill);
  const alone = others.filter((point) => !shares(point));
  return [
    { configuration: longest, shorterPredicts: others.filter(shares).map(({ numPredict }) => numPredict) },
    ...alone.map((point) => ({ configuration: point, shorterPredicts: [] })),
  ];
}

/** What has to be filled so that every point is measured, each exactly once; in the order of the points. */
export const shareFills = (points: readonly Configuration[], { shareFill, fill }: Asked): SharedPoint[] =>
  shareFill
    ? [...groupBy(points, (point) => fillKey(point, fill)).values()].flatMap((group) => together(group, fill))
    : points.map((point) => ({ configuration: point, shorterPredicts: [] }));

/** What a reader of the sweep should know of it: one sentence each, none where nothing was asked for. */
export function sharingNotes(points: readonly Configuration[], asked: Asked): string[] {
  if (!asked.shareFill) return [];
  const shared = shareFills(points, asked);
  const lengthsOf = (numCtx: number): number =>
    new Set(points.filter((point) => point.numCtx === numCtx).map(({ numPredict }) => numPredict)).size;
  const contexts = [...new Set(points.map(({ numCtx }) => numCtx))].filter((numCtx) => lengthsOf(numCtx) > 1);
  const isShared = (numCtx: number): boolean =>
    shared.some((one) => one.configuration.numCtx === numCtx && one.shorterPredicts.length > 0);
  const apart = contexts.filter((numCtx) => !isShared(numCtx));
  return [
    ...(shared.length < points.length
      ? [
          `Output lengths share fills: ${shared.length} trials measure ${points.length} points of the grid. Where only num_predict differs, TTFT and prefill are figures of the same fills.`,
        ]
      : []),
    ...(apart.length > 0
      ? [
          `num_ctx ${apart.join(", ")} is filled anew for each num_predict: a longer answer leaves less room for the prompt there.`,
        ]
      : []),
  ];
}
