// Roll-outs as text: what will be done, how far it is, and one report of what changed where.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ApplyingOutcome } from "@ozone/proto/applying";
import type { Rollout, RolloutTarget } from "@ozone/proto/rollout";
import { derivedModelName, derivedParameters } from "@ozone/shared/derived-model";
import { PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { cleanText } from "./clean-text.ts";
import { formatGain, statusWords } from "./figures.ts";
import { textPairs, textTable } from "./text-table.ts";

/** A reason may hold several sentences with figures. */
const BECAUSE_MAX = 1_200;

const nameOf = ({ request }: Rollout): string =>
  request?.as || derivedModelName(request?.preset?.modelName ?? "", request?.preset?.purpose ?? "");

/** What a person is shown before being asked. */
export function rolloutPlanText(plan: Rollout): string {
  const { request, targets } = plan;
  const preset = request?.preset;
  const planned = targets.filter(({ state }) => state === "planned");
  const parameters = Object.entries(preset?.configuration ? derivedParameters(preset.configuration) : {});
  const head = textPairs([
    ["preset", preset === undefined ? "none" : presetWords(plan)],
    ["creates", `the model ${cleanText(nameOf(plan))} on each machine`],
    ["with", parameters.map(([option, value]) => `${option} ${value}`).join(", ") || "nothing"],
    ["promises", (preset?.gains ?? []).map(formatGain).join("; ") || "room, filled"],
    [
      "machines",
      `${planned.length} of ${targets.length}${tagWords(plan)}, a canary first, then ${atOnce(plan)}`,
    ],
    ["regression", regressionWords(plan)],
  ]);
  const rows = targets.map(({ machineName, state }) => [machineName, state]);
  const table = textTable([{ heading: "MACHINE" }, { heading: "STATE" }], rows);
  const reasons = targets.filter(({ because }) => because !== "");
  const why = textPairs(
    reasons.map(({ machineName, because }) => [cleanText(machineName), cleanText(because, BECAUSE_MAX)]),
  );
  return `${head}\n${table}${why === "" ? "" : `\n${why}`}`;
}

function presetWords({ request }: Rollout): string {
  const preset = request?.preset;
  if (preset === undefined) return "-";
  const { purpose, modelName, hardwareClass, provenance } = preset;
  return `${cleanText(purpose)} for ${cleanText(modelName)} on ${cleanText(hardwareClass)} (${statusWords(preset)}, ${PROVENANCE_WORDS[provenance]})`;
}

const tagWords = ({ request }: Rollout): string => {
  const tags = request?.tags ?? [];
  return tags.length === 0
    ? ""
    : ` with ${tags.length === 1 ? "the tag" : "the tags"} ${tags.map((tag) => cleanText(tag, 60)).join(", ")}`;
};

const atOnce = ({ request }: Rollout): string => {
  const parallel = Math.max(1, request?.parallel ?? 1);
  return parallel === 1 ? "one after the other" : `${parallel} at once`;
};

const regressionWords = ({ request }: Rollout): string =>
  request?.keepKept
    ? "nothing more is sent; machines that confirmed the gain keep it"
    : "nothing more is sent, and it is taken back everywhere";

/** One line about a machine. */
export const targetLine = ({ machineName, state, because, canary }: RolloutTarget): string =>
  `${cleanText(machineName)}${canary ? " (canary)" : ""}: ${state}${because === "" ? "" : `: ${cleanText(because, BECAUSE_MAX)}`}`;

/** The report: what changed where, what was measured there, and why. */
export function rolloutText(rollout: Rollout): string {
  const { id, state, because, targets } = rollout;
  const head = textPairs([
    ["roll-out", cleanText(id)],
    ["preset", presetWords(rollout)],
    ["machines", `${targets.length}${tagWords(rollout)}`],
    ["state", `${state}${because === "" ? "" : `: ${cleanText(because, BECAUSE_MAX)}`}`],
    ["started", startedAt(rollout)],
  ]);
  const columns = [{ heading: "MACHINE" }, { heading: "OUTCOME" }, { heading: "MODEL THERE NOW" }];
  const rows = targets.map((target) => [
    `${target.machineName}${target.canary ? " (canary)" : ""}`,
    target.state,
    modelThere(target),
  ]);
  const words = targets.map((target) => [cleanText(target.machineName), wordsOf(target)] as const);
  const said = textPairs(words.filter(([, text]) => text !== ""));
  return `${head}\n${textTable(columns, rows)}\nre-measured there, and why\n${said}`;
}

/** What was measured on a machine, and why it is in its state. */
function wordsOf({ outcome, because }: RolloutTarget): string {
  const why = cleanText(because, BECAUSE_MAX);
  const gains = gainWords(outcome);
  return gains === "" ? why : `${gains}. ${why}`;
}

/** The name under which the preset can be asked for on a machine. */
function modelThere({ state, outcome }: RolloutTarget): string {
  const stands = ["kept", "taking back", "still to take back", "not taken back"].includes(state);
  if (stands && outcome !== undefined) return outcome.name;
  return state === "no answer" || state === "sent" ? "unknown" : "unchanged";
}

/** The gain that the preset was judged by first; the JSON has all. */
function gainWords(outcome: ApplyingOutcome | undefined): string {
  if (outcome === undefined) return "";
  const { measured, promised, samplesDerived, samplesDefault, provenance } = outcome;
  const first = measured.find(({ metric }) => metric === promised[0]?.metric) ?? measured[0];
  if (first === undefined) return "";
  return `${formatGain(first)}, n ${samplesDerived} and ${samplesDefault} (${PROVENANCE_WORDS[provenance]})`;
}

/** A table of roll-outs. */
export function rolloutsText(rollouts: readonly Rollout[]): string {
  if (rollouts.length === 0) return "There is no roll-out yet; `ozone preset rollout` starts one.\n";
  const headings = ["ROLL-OUT", "STATE", "MODEL", "KEPT", "STARTED"];
  const rows = rollouts.map((rollout) => [
    rollout.id,
    rollout.state,
    nameOf(rollout),
    `${rollout.targets.filter(({ state }) => state === "kept").length} of ${rollout.targets.length}`,
    startedAt(rollout),
  ]);
  return textTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
}

const startedAt = ({ createdAt }: Rollout): string =>
  createdAt ? `${timestampDate(createdAt).toISOString().slice(0, 16).replace("T", " ")} UTC` : "-";
