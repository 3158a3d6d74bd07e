// Stored rows -> a Report, in parts that fit a message. No formatting here.
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Purpose } from "@ozone/proto/configuration";
import { type Machine, Provenance } from "@ozone/proto/machine";
import type { Recommendation } from "@ozone/proto/preset";
import {
  type MeasuredConfiguration,
  MeasuredConfigurationSchema,
  type Report,
  ReportSchema,
} from "@ozone/proto/report";
import { type TrialResult, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { figures } from "@ozone/shared/figures";
import { GRPC_MESSAGE_BYTES_MAX } from "@ozone/shared/limits";
import { filledSamples } from "@ozone/shared/sample-kinds";
import { usableSamples } from "@ozone/shared/usable-samples";
import { OZONE_VERSION } from "@ozone/shared/version";
import { recommendationsOfKey } from "../presets/refresh-presets.ts";
import { describeMachine } from "../store/describe-machine.ts";
import { listMachines } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listPresets } from "../store/presets.ts";
import { presetKeyOf, resultsOfSweep, signedPayloads } from "../store/results.ts";
import { findSweep, listTargets } from "../store/sweeps.ts";

/** Bytes of results per part: a sustained run alone has hundreds of samples, and one result is half of this at most. */
const BYTES_PER_PART = GRPC_MESSAGE_BYTES_MAX / 2;

function groupResults(results: readonly TrialResult[]): TrialResult[][] {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const configuration = result.configuration ? configurationKey(result.configuration) : "";
    const key = JSON.stringify([result.machineId, presetKeyOf(result), configuration]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

type Judged = ReadonlyMap<string, Recommendation>;

const judgedKey = (result: TrialResult, configuration: string): string =>
  JSON.stringify([presetKeyOf(result), configuration]);

/** What is recommended of the configurations that the results are of, over everything their hardware class measured. */
async function judge(store: Store, results: readonly TrialResult[]): Promise<Judged> {
  const judged = new Map<string, Recommendation>();
  const ofEachKey = new Map(results.map((result) => [JSON.stringify(presetKeyOf(result)), result]));
  for (const result of ofEachKey.values()) {
    for (const [configuration, recommendation] of await recommendationsOfKey(store, presetKeyOf(result))) {
      judged.set(judgedKey(result, configuration), recommendation);
    }
  }
  return judged;
}

function measured(group: readonly TrialResult[], judged: Judged): MeasuredConfiguration {
  const [first] = group;
  const recommendation = first?.configuration
    ? judged.get(judgedKey(first, configurationKey(first.configuration)))
    : undefined;
  const samples = group.flatMap(usableSamples);
  const all = group.flatMap(filledSamples);
  const classes = group.flatMap(({ failure }) => (failure ? [failure.failureClass] : []));
  const purposes: Purpose[] = [...new Set(group.map(({ purpose }) => purpose))].sort();
  return create(MeasuredConfigurationSchema, {
    machineId: first?.machineId ?? "",
    modelName: first?.modelName ?? "",
    ...(first?.configuration ? { configuration: first.configuration } : {}),
    ...(first?.conditions?.engine ? { engine: first.conditions.engine } : {}),
    provenance: first?.provenance ?? Provenance.UNSPECIFIED,
    figures: figures(
      samples,
      group.flatMap((result) => result.loadMs),
    ),
    validSamples: samples.length,
    rejectedSamples: all.filter(({ valid }) => !valid).length,
    failedAttempts: group.filter(({ verdict }) => verdict === Verdict.FAILED).length,
    purposes,
    failureClasses: [...new Set(classes)].sort(),
    ...(recommendation ? { recommendation } : {}),
  });
}

/** One provenance for the whole: anything that is not measured makes the report say so. */
const overall = (results: readonly TrialResult[]): Provenance =>
  results.reduce<Provenance>((worst, { provenance }) => Math.max(worst, provenance), Provenance.UNSPECIFIED);

async function machinesOf(
  store: Store,
  results: readonly TrialResult[],
  leaseMs: number,
): Promise<Machine[]> {
  const ids = new Set(results.map(({ machineId }) => machineId));
  return (
    (await listMachines(store.db))
      .filter(({ id }) => ids.has(id))
      // Rooms, owners, projects: what a lab calls its machines is nobody's business outside.
      .map((row) => describeMachine({ ...row, tags: [] }, leaseMs))
  );
}

async function notesOf(store: Store, sweepId: string): Promise<string[]> {
  if (sweepId === "") return [];
  return [...new Set((await listTargets(store.db, sweepId)).flatMap(({ notes }) => notes))];
}

function droppedNotes(results: readonly TrialResult[]): string[] {
  const dropped = results.filter(({ rawDropped }) => rawDropped).length;
  if (dropped === 0) return [];
  return [
    `Of ${dropped} of ${results.length} results only the figures of each sample are kept, not the server's counters and the words of passed checks (docs/backup.md).`,
  ];
}

/**
 * Builds the report of one sweep, or of everything (empty id), as parts to be merged: repeated fields append.
 * Presets are those of the keys that the results belong to.
 */
export async function* buildReport(
  store: Store,
  options: { sweepId: string; leaseMs: number },
): AsyncGenerator<Report> {
  const results = await resultsOfSweep(store.db, options.sweepId);
  const sweep = options.sweepId === "" ? null : await findSweep(store.db, options.sweepId);
  const keys = new Set(results.map((result) => JSON.stringify(presetKeyOf(result))));
  const digests = new Set(results.map(({ modelDigest }) => modelDigest));
  const presets = await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" });
  const judged = await judge(store, results);
  yield create(ReportSchema, {
    title: sweep ? `Sweep ${sweep.name}` : "Everything measured",
    builtAt: timestampFromDate(new Date()),
    ozoneVersion: OZONE_VERSION,
    provenance: overall(results),
    machines: await machinesOf(store, results, options.leaseMs),
    presets: presets.filter(({ modelDigest }) => keys.size > 0 && digests.has(modelDigest)),
    configurations: groupResults(results.flatMap(expandSharedFills)).map((group) => measured(group, judged)),
    notes: [...(await notesOf(store, options.sweepId)), ...droppedNotes(results)],
  });
  const sizeOf = (result: TrialResult) => toBinary(TrialResultSchema, result).length;
  for (const part of inParts(results, sizeOf)) yield create(ReportSchema, { results: part });
  for await (const batch of signedPayloads(store.db, options.sweepId)) {
    for (const signed of inParts(batch, ({ payload }) => payload.length))
      yield create(ReportSchema, { signed });
  }
}

/** Things in their order, in lists that each fit a message. */
function* inParts<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Generator<Item[]> {
  let part: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    part.push(item);
    bytes += bytesOf(item);
    if (bytes < BYTES_PER_PART) continue;
    yield part;
    part = [];
    bytes = 0;
  }
  if (part.length > 0) yield part;
}
