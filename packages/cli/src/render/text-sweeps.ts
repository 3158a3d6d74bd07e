// Sweeps and their trials, as text for a terminal.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Sweep, SweepPriority, SweepState, type Trial, TrialState } from "@ozone/proto/sweep";
import { Verdict } from "@ozone/proto/trial";
import { describeConfiguration } from "@ozone/shared/configuration";
import { formatDuration } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { formatMs, formatNumber } from "./figures.ts";
import { purposeWords, sweepCounts, sweepStateWords, trialStateWords } from "./names.ts";
import { textPairs, textTable } from "./text-table.ts";

/** A table of sweeps. */
export function sweepsText(sweeps: readonly Sweep[]): string {
  if (sweeps.length === 0) return "There is no sweep yet; `ozone sweep run` starts one.\n";
  const headings = ["SWEEP", "NAME", "STATE", "STRATEGY", "MODELS", "TRIALS", "FAILED", "STARTED"];
  const rows = sweeps.map((sweep) => {
    const { total, ended } = sweepCounts(sweep);
    return [
      sweep.id,
      sweep.request?.name || "-",
      stateInList(sweep),
      sweep.request?.strategy || "-",
      modelsOf(sweep),
      `${ended} of ${total}`,
      String(sweep.trialsFailed),
      startedAt(sweep),
    ];
  });
  return textTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
}

/** A sweep that drains is still running, but begins nothing more. */
const stateWords = ({ state, draining }: Sweep): string => (draining ? "draining" : sweepStateWords(state));

const PRIORITY_WORDS: Readonly<Record<SweepPriority, string>> = {
  [SweepPriority.UNSPECIFIED]: "normal",
  [SweepPriority.LOW]: "low",
  [SweepPriority.HIGH]: "high",
};

/** In the list only what is not normal is said. */
const stateInList = (sweep: Sweep): string => {
  const { priority = SweepPriority.UNSPECIFIED } = sweep.request ?? {};
  const isOpen = sweep.state === SweepState.RUNNING && priority !== SweepPriority.UNSPECIFIED;
  return isOpen ? `${stateWords(sweep)} (${PRIORITY_WORDS[priority]})` : stateWords(sweep);
};

/** One sweep with its trials. */
export function sweepText(sweep: Sweep, trials: readonly Trial[]): string {
  const { total, ended } = sweepCounts(sweep);
  const head = textPairs([
    ["sweep", `${cleanText(sweep.id)} ${cleanText(sweep.request?.name ?? "")}`.trim()],
    ["state", stateWords(sweep)],
    ["strategy", cleanText(sweep.request?.strategy ?? "") || "-"],
    ...(sweep.request?.priority ? [["priority", PRIORITY_WORDS[sweep.request.priority]] as const] : []),
    ["models", modelsOf(sweep)],
    [
      "trials",
      `${ended} of ${total} ended, ${sweep.trialsFailed} failed, ${sweep.trialsCancelled} cancelled`,
    ],
    ...(sweep.state === SweepState.RUNNING && !sweep.draining
      ? [["time left", timeLeft(sweep.remainingMs)] as const]
      : []),
    ...sweep.notes.map((note) => ["note", cleanText(note)] as const),
  ]);
  return trials.length === 0 ? head : `${head}\n${trialsTable(trials)}`;
}

/** "41 s left" without the word, or that nothing is known yet. */
export const timeLeft = (ms: number | undefined): string =>
  ms === undefined ? "not known yet" : formatDuration(ms).replace(/\.\d s$/, " s");

function trialsTable(trials: readonly Trial[]): string {
  const columns = [
    { heading: "STATE" },
    { heading: "FOR" },
    { heading: "MODEL" },
    { heading: "CONFIGURATION" },
    { heading: "DECODE t/s", align: "right" },
    { heading: "PREFILL t/s", align: "right" },
    { heading: "TTFT", align: "right" },
    { heading: "N", align: "right" },
    { heading: "REMARK" },
  ] as const;
  const table = textTable(
    columns,
    trials.map((trial) => [
      stateOf(trial),
      purposeWords(trial.purpose),
      cleanText(trial.modelName, 40),
      trial.configuration ? describeConfiguration(trial.configuration) : "-",
      trial.decodeTokensPerSecond === undefined ? "-" : formatNumber(trial.decodeTokensPerSecond),
      trial.prefillTokensPerSecond === undefined ? "-" : formatNumber(trial.prefillTokensPerSecond),
      trial.ttftMs === undefined ? "-" : formatMs(trial.ttftMs),
      String(trial.validSamples),
      trial.failure ? `${trial.failure.failureClass}: ${cleanText(trial.failure.message, 160)}` : "",
    ]),
  );
  return `${table}\nFigures are medians of N samples of one attempt; the report has the intervals.\n`;
}

const stateOf = (trial: Trial): string =>
  trial.state === TrialState.DONE && trial.verdict === Verdict.REJECTED
    ? "rejected"
    : trialStateWords(trial.state);

/** What the numbers of these lines are; said once, above them. */
export const ENDED_TRIALS_GUIDE = "Each line is one attempt: medians of n samples; n 1 has no interval.";

/** One line for a trial that has ended: its figures with their number, or why there are none. */
export function endedTrialLine(trial: Trial): string {
  const what = trial.configuration ? describeConfiguration(trial.configuration) : "unknown configuration";
  const head = `${stateOf(trial).padEnd(9)} ${purposeWords(trial.purpose).padEnd(9)} ${what}`;
  if (trial.failure) {
    return `${head}: ${cleanText(trial.failure.failureClass)}: ${cleanText(trial.failure.message, 200)}`;
  }
  const { decodeTokensPerSecond, prefillTokensPerSecond, ttftMs, validSamples } = trial;
  if (decodeTokensPerSecond === undefined || validSamples === 0) return `${head}: ${whyNothingCounts(trial)}`;
  const figures = [`decode ${formatNumber(decodeTokensPerSecond)} t/s`];
  if (prefillTokensPerSecond !== undefined)
    figures.push(`prefill ${formatNumber(prefillTokensPerSecond)} t/s`);
  if (ttftMs !== undefined) figures.push(`TTFT ${formatMs(ttftMs)}`);
  return `${head}: ${figures.join(", ")} (n ${validSamples})`;
}

/** A valid attempt whose samples may not be used was only marked: the machine was busy or slowed down. */
const whyNothingCounts = ({ state, verdict }: Trial): string => {
  if (state === TrialState.CANCELLED) return "not measured to its end";
  return verdict === Verdict.VALID
    ? "no sample counts: other programs used the machine, or it slowed down"
    : "no valid sample; the report has the failed checks";
};

function modelsOf({ request }: Sweep): string {
  const models = (request?.models ?? []).map((name) => cleanText(name, 60));
  return models.join(", ") || "smallest that fits";
}

const startedAt = ({ createdAt }: Sweep): string =>
  createdAt ? `${timestampDate(createdAt).toISOString().slice(0, 16).replace("T", " ")} UTC` : "-";
