// The points of a search, each with its level on every axis. Levels rise with the memory that a value needs, so that
// whatever lies above a point in all of them needs at least as much.
import type { Configuration } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { kvBytesPerElement } from "@ozone/shared/memory-model";
import { OBJECTIVES, type Objective } from "@ozone/shared/objective";
import { baseConfiguration, expandMatrix } from "../option-space.ts";
import type { SearchState } from "../strategy.ts";

/** A dimension that has more than one value in this search. */
export type AxisName =
  | "numCtx"
  | "numBatch"
  | "numThread"
  | "numGpu"
  | "kvCacheType"
  | "flashAttention"
  | "numPredict"
  | "concurrency";

/** The values of one dimension, in the order of their levels. */
export interface Axis {
  readonly name: AxisName;
  readonly values: readonly (number | string | undefined)[];
}

/** One configuration and where it lies. */
export interface SpacePoint {
  readonly key: string;
  readonly configuration: Configuration;
  /** Position on each axis. */
  readonly levels: readonly number[];
}

/** Everything that can be tried. */
export interface Space {
  readonly axes: readonly Axis[];
  readonly points: readonly SpacePoint[];
  readonly byKey: ReadonlyMap<string, SpacePoint>;
  /** The default configuration; it need not be one of the points. */
  readonly base: Configuration;
  readonly baseKey: string;
  /** What is looked for. */
  readonly objectives: readonly Objective[];
  /** Share of the context that is filled. */
  readonly fill: number;
}

const NAMES: readonly AxisName[] = [
  "numCtx",
  "numBatch",
  "numThread",
  "numGpu",
  "kvCacheType",
  "flashAttention",
  "numPredict",
  "concurrency",
];

/** Bytes per element; an unknown type ranks above all others. */
function bytesOf(type: string): number {
  try {
    return kvBytesPerElement(type || "f16");
  } catch {
    return Number.POSITIVE_INFINITY; // a type that only this server knows
  }
}

const rankOf = (name: AxisName, value: number | string | undefined): number => {
  if (typeof value === "number") return value;
  if (value === undefined) return -1;
  return name === "kvCacheType" ? bytesOf(value) : value === "on" ? 0 : 1;
};

function axisOf(name: AxisName, points: readonly Configuration[]): Axis[] {
  const values = [...new Set(points.map((point) => point[name]))];
  if (values.length < 2) return [];
  return [{ name, values: values.sort((a, b) => rankOf(name, a) - rankOf(name, b)) }];
}

/** The space of a search state. */
export function spaceOf(state: SearchState): Space {
  const base = baseConfiguration(state);
  const configurations = expandMatrix(state.matrix, base);
  const axes = NAMES.flatMap((name) => axisOf(name, configurations));
  const levelOf = axes.map(({ name, values }) => {
    const levels = new Map(values.map((value, level) => [value, level]));
    return (point: Configuration): number => levels.get(point[name]) ?? 0;
  });
  const points = configurations.map((configuration) => ({
    key: configurationKey(configuration),
    configuration,
    levels: levelOf.map((level) => level(configuration)),
  }));
  return {
    axes,
    points,
    byKey: new Map(points.map((point) => [point.key, point])),
    base,
    baseKey: configurationKey(base),
    objectives: state.objectives ?? OBJECTIVES,
    fill: state.protocol.fill,
  };
}

/** Steps between two points, summed over the axes. */
export const stepsBetween = (a: SpacePoint, b: SpacePoint): number =>
  a.levels.reduce((sum, level, axis) => sum + Math.abs(level - (b.levels[axis] ?? level)), 0);
