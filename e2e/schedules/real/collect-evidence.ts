// Collects the evidence at the end of a schedule, from the tables, the command line, the journals, the engines.
import { createHash } from "node:crypto";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { AnnouncementSchema } from "@ozone/proto/machine";
import { PresetSchema } from "@ozone/proto/preset";
import { type TrialResult, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { defaultConfiguration } from "@ozone/shared/default-configuration";
import { groupBy } from "@ozone/shared/group-by";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { choosePresets } from "../../../packages/coordinator/src/presets/choose-preset.ts";
import { digestOf } from "./bus-tap.ts";
import type { EngineState } from "./engine-process.ts";
import type { Evidence, ResultSeen, TrialSeen } from "./evidence.ts";
import { type Fleet, outboxOf } from "./fleet.ts";

/** What is known before the end. */
export interface Known {
  readonly sweepId: string;
  readonly enginesBefore: readonly EngineState[];
  readonly resumedMs: number | null;
  readonly lastedMs: number;
  readonly seed: string;
}

const ORDERS = 4;

interface ResultRow {
  readonly trial_id: string;
  readonly attempt: number;
  readonly machine_id: string;
  readonly verdict: number;
  readonly elapsed_ms: number;
  readonly payload: Buffer;
}

async function trialsOf({ stack }: Fleet, sweepId: string): Promise<TrialSeen[]> {
  const rows = await stack.query<Record<string, string> & { attempt: number; failure_class: string | null }>(
    `select id, machine_id, state, attempt, failure_class from trials where sweep_id = '${sweepId}' order by id`,
  );
  return rows.map((row) => ({
    id: row.id ?? "",
    machineId: row.machine_id ?? "",
    state: row.state ?? "",
    attempt: row.attempt,
    failureClass: row.failure_class,
  }));
}

const toSeen = (row: ResultRow): ResultSeen => ({
  trialId: row.trial_id,
  attempt: row.attempt,
  machineId: row.machine_id,
  failed: row.verdict === Verdict.FAILED,
  digest: digestOf(row.payload),
  elapsedMs: row.elapsed_ms,
});

/** The presets of these results as bytes, chosen for each model by itself. */
function presetDigest(results: readonly TrialResult[], defaultThreads: number): string {
  const hash = createHash("sha256");
  const byModel = groupBy(results, ({ modelDigest }) => modelDigest);
  for (const model of [...byModel.keys()].sort()) {
    const ofModel = byModel.get(model) ?? [];
    const lengths = new Set(ofModel.map(({ configuration }) => configuration?.numPredict ?? 0));
    const defaults = [...lengths]
      .sort((a, b) => a - b)
      .map((numPredict) => defaultConfiguration({ trainedContext: 0, defaultThreads, numPredict }));
    for (const preset of choosePresets(ofModel, defaults)) hash.update(toBinary(PresetSchema, preset));
  }
  return hash.digest("hex");
}

async function presetDigests({ stack }: Fleet, rows: readonly ResultRow[], seed: string): Promise<string[]> {
  const results = rows.map(({ payload }) => fromBinary(TrialResultSchema, payload));
  const machines = await stack.query<{ announcement: Buffer }>(
    "select announcement from machines order by id",
  );
  const threads = machines.map(
    ({ announcement }) => fromBinary(AnnouncementSchema, announcement).defaultThreads,
  );
  const random = seededRandom(seed);
  return Array.from({ length: ORDERS }, () => presetDigest(random.shuffle(results), threads[0] ?? 1));
}

async function shownBy({ stack }: Fleet, sweepId: string): Promise<Evidence["shown"]> {
  const { trials } = await stack.json<{ trials: { id: string; state: string }[] }>([
    "sweep",
    "show",
    sweepId,
  ]);
  return trials.map(({ id, state }) => ({ id, state: state.replace("TRIAL_STATE_", "").toLowerCase() }));
}

/** All of it. Nobody may be at work any more. */
export async function collectEvidence(fleet: Fleet, known: Known): Promise<Evidence> {
  const { stack, agents, tap } = fleet;
  const { sweepId, enginesBefore, resumedMs, lastedMs, seed } = known;
  const sweeps = await stack.query<{ state: string }>(`select state from sweeps where id = '${sweepId}'`);
  const rows = await stack.query<ResultRow>(
    "select trial_id, attempt, machine_id, verdict, elapsed_ms, payload from results order by trial_id, attempt",
  );
  const after = await Promise.all(agents.map(({ engine }) => engine.state()));
  return {
    sweepState: sweeps[0]?.state ?? "missing",
    trials: await trialsOf(fleet, sweepId),
    results: rows.map(toSeen),
    journals: fleet.journals(),
    published: tap.results.map(({ trialId, attempt, digest }) => ({
      attempt: `${trialId}/${attempt}`,
      digest,
    })),
    receipts: tap.receipts,
    shown: await shownBy(fleet, sweepId),
    outbox: agents.flatMap(outboxOf),
    busy: agents.map(({ engine }) => engine.busySpans()),
    engines: after.map((state, place) => ({ before: enginesBefore[place] ?? state, after: state })),
    resumedMs,
    presetDigests: await presetDigests(fleet, rows, seed),
    lastedMs,
  };
}
