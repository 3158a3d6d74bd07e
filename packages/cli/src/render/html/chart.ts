// Decode rate over context as one inline drawing: the curve says more than any single number.
import { Purpose } from "@ozone/proto/configuration";
import type { MeasuredConfiguration } from "@ozone/proto/report";
import { dimensionsOf } from "@ozone/shared/configuration";
import { isReferenceOnly } from "../configuration-table.ts";
import { formatFigure } from "../figures.ts";
import { type ChartScale, chartScale, FRAME } from "./chart-scale.ts";
import { html, type Markup } from "./markup.ts";

/** Series beyond these share one colour: more could not be told apart. */
const COLOURED_SERIES_MAX = 6;

interface Series {
  readonly name: string;
  readonly points: readonly MeasuredConfiguration[];
}

/** The drawing with its legend; nothing when there is no rate to draw. */
export function decodeChart(configurations: readonly MeasuredConfiguration[], modelName: string): Markup {
  const drawn = configurations.filter(
    ({ figures, configuration, purposes }) =>
      configuration && (figures?.decodeTokensPerSecond?.n ?? 0) > 0 && !isReferenceOnly(purposes),
  );
  if (drawn.length === 0) return html``;
  const series = seriesOf(drawn);
  const scale = chartScale(drawn);
  return html`<figure>
<svg class="chart" viewBox="0 0 ${FRAME.width} ${FRAME.height}" role="img" aria-label="Decode rate over context of ${modelName}">
${axes(scale)}
${series.map((one, index) => drawSeries(one, colourOf(index), scale))}
</svg>
<ul class="legend">${series.slice(0, COLOURED_SERIES_MAX).map((one, index) => legendEntry(one.name, colourOf(index)))}
${series.length > COLOURED_SERIES_MAX ? legendEntry("other configurations", "co") : ""}</ul>
<figcaption>Decode rate (tokens per second) over num_ctx, with the context filled. Lines join equal options; bars are 95 % intervals; a hollow point was only screened (no confirmation).</figcaption>
</figure>`;
}

const colourOf = (index: number): string => (index < COLOURED_SERIES_MAX ? `c${index}` : "co");

const legendEntry = (name: string, colour: string): Markup =>
  html`<li><svg class="series ${colour}" viewBox="0 0 22 16" aria-hidden="true"><path d="M0 8H22"/><circle class="dot" cx="11" cy="8" r="4"/></svg>${name}</li>`;

/** Configurations that differ only in num_ctx (and in the length of the answer) are one line; longest lines first. */
function seriesOf(drawn: readonly MeasuredConfiguration[]): Series[] {
  const groups = new Map<string, MeasuredConfiguration[]>();
  for (const measured of drawn) {
    const name = seriesName(measured, drawn);
    groups.set(name, [...(groups.get(name) ?? []), measured]);
  }
  const byContext = (a: MeasuredConfiguration, b: MeasuredConfiguration) =>
    (a.configuration?.numCtx ?? 0) - (b.configuration?.numCtx ?? 0);
  return [...groups]
    .map(([name, points]) => ({ name, points: points.sort(byContext) }))
    .sort((a, b) => b.points.length - a.points.length || (a.name < b.name ? -1 : 1));
}

function seriesName(
  { configuration, machineId }: MeasuredConfiguration,
  all: readonly MeasuredConfiguration[],
): string {
  const {
    num_ctx: _,
    num_predict: __,
    ...others
  } = configuration ? dimensionsOf(configuration) : { num_ctx: 0 };
  const options = Object.entries(others).map(([key, value]) => `${key} ${value}`);
  const severalMachines = new Set(all.map((measured) => measured.machineId)).size > 1;
  return [...options, ...(severalMachines ? [machineId] : [])].join(", ");
}

function axes({ xTicks, yTicks, x, y }: ChartScale): Markup {
  const { left, right, top, bottom, width, height } = FRAME;
  const rows = yTicks.map(
    (value) => html`<path class="grid" d="M${left} ${y(value)}H${width - right}"/>
<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
  );
  const columns = xTicks.map(
    ({ numCtx, label }) => html`<path class="grid" d="M${x(numCtx)} ${height - bottom}v5"/>
<text x="${x(numCtx)}" y="${height - bottom + 20}" text-anchor="middle">${label}</text>`,
  );
  return html`${rows}${columns}<text x="${left}" y="${top - 10}">tokens per second</text>
<text x="${width - right}" y="${height - 6}" text-anchor="end">num_ctx</text>`;
}

function drawSeries({ points, name }: Series, colour: string, { x, y }: ChartScale): Markup {
  const place = points.map((measured) => {
    const figure = measured.figures?.decodeTokensPerSecond;
    return { measured, figure, cx: x(measured.configuration?.numCtx ?? 0), cy: y(figure?.median ?? 0) };
  });
  const line = place.map(({ cx, cy }, index) => `${index === 0 ? "M" : "L"}${cx} ${cy}`).join("");
  const marks = place.map(({ measured, figure, cx, cy }) => {
    const { ciLow, ciHigh } = figure ?? {};
    const bar =
      ciLow === undefined || ciHigh === undefined
        ? ""
        : html`<path class="bar" d="M${cx} ${y(ciLow)}V${y(ciHigh)}"/>`;
    const mark = measured.purposes.includes(Purpose.CONFIRM) ? "dot" : "dot screen";
    const numCtx = measured.configuration?.numCtx ?? 0;
    return html`${bar}<circle class="${mark}" cx="${cx}" cy="${cy}" r="4"><title>num_ctx ${numCtx}, ${name}: ${formatFigure(figure, "t/s")}</title></circle>`;
  });
  return html`<g class="series ${colour}">${points.length > 1 ? html`<path d="${line}"/>` : ""}${marks}</g>`;
}
