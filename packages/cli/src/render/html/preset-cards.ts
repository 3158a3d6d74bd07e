// One card per preset: what to set first, then what it does, how sure that is, and what speaks against it.
import { Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import { describeConfiguration, dimensionsOf } from "@ozone/shared/configuration";
import { useCaseOf } from "@ozone/shared/extreme-tiers";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { type PresetGroup, presetGroups } from "../../presets/preset-groups.ts";
import {
  formatFigure,
  formatGain,
  formatInterval,
  formatMs,
  formatNumber,
  formatRecommendation,
  formatStability,
  statusWords,
} from "../figures.ts";
import { engineWords, shortDigest } from "../names.ts";
import { isDefault } from "../text-presets.ts";
import { html, type Markup, type Piece } from "./markup.ts";

/** All presets of a model, grouped by what they hold for. */
export function presetCards(presets: readonly Preset[]): Markup {
  if (presets.length === 0) return html`<p>No preset: nothing valid was measured.</p>`;
  return html`${presetGroups(presets).map(groupCards)}`;
}

function groupCards(group: PresetGroup): Markup {
  const [{ hardwareClass, modelDigest, quantization, engine, provenance }] = group;
  const parts: readonly Piece[] = [
    html`hardware class <code>${hardwareClass}</code>`,
    html`, digest <code>${shortDigest(modelDigest)}</code>`,
    quantization ? html` (${quantization})` : "",
    html`, engine ${engineWords(engine)}, provenance ${PROVENANCE_WORDS[provenance]}`,
  ];
  return html`<p class="soft">Holds for ${parts}.</p><div class="cards">${group.map(card)}</div>`;
}

function card(preset: Preset): Markup {
  const { purpose, configuration, figures, status, provenance } = preset;
  const decode = figures?.decodeTokensPerSecond;
  const ttft = figures?.ttftMs;
  const options = configuration ? Object.entries(dimensionsOf(configuration)) : [];
  return html`<section class="card">
<h4><span>${purpose}</span><span class="${status === "production" ? "tag" : "tag warn"}">${statusWords(preset)}</span>
${provenance === Provenance.MEASURED ? "" : html`<span class="tag warn">${PROVENANCE_WORDS[provenance]}</span>`}</h4>
<p class="use">${useCaseOf(purpose)}</p>
<div class="set">${options.map(([name, value]) => html`<code>${name} ${value}</code>`)}</div>
<div><span class="big">${decode ? formatNumber(decode.median) : "unknown"}</span> tokens/s <span class="soft">${decode ? `${formatInterval(decode, "t/s")}, n ${decode.n}` : ""}</span></div>
<div><span class="big">${ttft ? formatMs(ttft.median) : "unknown"}</span> to the first token <span class="soft">${ttft ? `${formatInterval(ttft, "ms")}, n ${ttft.n}` : ""}</span></div>
<dl>
<dt>Prefill</dt><dd>${formatFigure(figures?.prefillTokensPerSecond, "t/s")}</dd>
<dt>Load</dt><dd>${formatFigure(figures?.loadMs, "ms")}</dd>
<dt>Gain</dt><dd>${gainLines(preset)}</dd>
<dt>Stability</dt><dd>${formatStability(preset.stability)}</dd>
<dt>Recommendation</dt><dd>${formatRecommendation(preset.recommendation)}</dd>
<dt>Chosen for</dt><dd>${preset.objective || "not recorded"}</dd>
<dt>Runner-up</dt><dd>${runnerUpWords(preset)}</dd>
<dt>Evidence</dt><dd>${evidenceWords(preset)}</dd>
</dl>
${warningList(preset)}
${extremeLists(preset)}
</section>`;
}

function extremeLists({ extremeTier }: Preset): Markup {
  if (!extremeTier) return html``;
  const { requirements, manualOverride, recovery } = extremeTier;
  return html`${list(
    "What it needs",
    requirements.map(({ words }) => words),
  )}${list("What to do on purpose", manualOverride)}${list(
    "When it fails",
    recovery.map(({ words }) => words),
  )}`;
}

const list = (heading: string, items: readonly string[]): Markup =>
  html`<p class="use">${heading}</p><ul class="warnings">${items.map((item) => html`<li>${item}</li>`)}</ul>`;

function gainLines(preset: Preset): Markup {
  if (isDefault(preset)) return html`none: it is the default configuration`;
  if (preset.gains.length === 0) return html`not known: the default was not measured`;
  return html`${preset.gains.map((gain) => html`<div>${formatGain(gain)}</div>`)}`;
}

const runnerUpWords = ({ runnerUp }: Preset): string =>
  runnerUp?.configuration
    ? `${describeConfiguration(runnerUp.configuration)}; it lost: ${runnerUp.whyItLost}`
    : "none";

const evidenceWords = ({ evidence, machineIds }: Preset): string =>
  `${evidence.length} ${evidence.length === 1 ? "attempt" : "attempts"} on ${machineIds.length} ${machineIds.length === 1 ? "machine" : "machines"}`;

/** The provenance is on the whole page already; the rest is worth a line each. */
function warningList({ warnings, provenance, staleBecause }: Preset): Markup {
  const stale = staleBecause.map((reason) => `Stale: ${reason}`);
  const own = [...stale, ...warnings.filter((warning) => warning !== PROVENANCE_NOTICE[provenance])];
  return own.length === 0
    ? html``
    : html`<ul class="warnings">${own.map((warning) => html`<li>${warning}</li>`)}</ul>`;
}
