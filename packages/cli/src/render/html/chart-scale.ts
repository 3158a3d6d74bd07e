// Where things stand in a chart: context on a logarithmic axis, rates from zero. Pure.
import type { MeasuredConfiguration } from "@ozone/proto/report";

/** Size of the drawing and its margins, in units of its view box. */
export const FRAME = { width: 760, height: 340, left: 56, right: 20, top: 34, bottom: 44 } as const;

const X_TICKS_MAX = 9;

/** Positions of values, and the values to write at the axes. */
export interface ChartScale {
  x(numCtx: number): number;
  y(rate: number): number;
  readonly xTicks: readonly { readonly numCtx: number; readonly label: string }[];
  readonly yTicks: readonly number[];
}

/** A scale that fits all configurations, which have a context and a rate. */
export function chartScale(configurations: readonly MeasuredConfiguration[]): ChartScale {
  const contexts = [...new Set(configurations.map(({ configuration }) => configuration?.numCtx ?? 1))].sort(
    (a, b) => a - b,
  );
  const rates = configurations.map(({ figures }) => {
    const figure = figures?.decodeTokensPerSecond;
    return figure?.ciHigh ?? figure?.median ?? 0;
  });
  const yTicks = niceTicks(Math.max(...rates));
  const top = yTicks.at(-1) ?? 1;
  const from = Math.log2(contexts[0] ?? 1);
  const to = Math.log2(contexts.at(-1) ?? 2);
  const plotWidth = FRAME.width - FRAME.left - FRAME.right - 40;
  const plotHeight = FRAME.height - FRAME.top - FRAME.bottom;
  return {
    // A single context stands in the middle.
    x: (numCtx) =>
      tenth(
        FRAME.left +
          20 +
          (to > from ? ((Math.log2(numCtx) - from) / (to - from)) * plotWidth : plotWidth / 2),
      ),
    y: (rate) => tenth(FRAME.top + plotHeight - (Math.min(rate, top) / top) * plotHeight),
    xTicks: spread(contexts).map((numCtx) => ({ numCtx, label: contextLabel(numCtx) })),
    yTicks,
  };
}

/** "4K", "12K", "1M"; the number itself where it is none of these. */
export function contextLabel(numCtx: number): string {
  if (numCtx % 1_048_576 === 0) return `${numCtx / 1_048_576}M`;
  return numCtx % 1024 === 0 ? `${numCtx / 1024}K` : String(numCtx);
}

/** Round numbers from zero to at least the largest value: 0, 50, 100, ... */
export function niceTicks(largest: number): number[] {
  const raw = (largest > 0 && Number.isFinite(largest) ? largest : 1) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw) ?? 10) * power;
  const count = Math.max(1, Math.ceil(largest / step));
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

/** Not more ticks than can be read; the first and the last are kept. */
function spread(values: readonly number[]): number[] {
  if (values.length <= X_TICKS_MAX) return [...values];
  const every = Math.ceil((values.length - 1) / (X_TICKS_MAX - 1));
  return values.filter((_, index) => index % every === 0 || index === values.length - 1);
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
