// Queries on presets.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Configuration } from "@ozone/proto/configuration";
import { type Preset, PresetSchema } from "@ozone/proto/preset";
import { configurationKey } from "@ozone/shared/configuration";
import { OBJECTIVES } from "@ozone/shared/objective";
import { staleBecause } from "@ozone/shared/stale-preset";
import { and, asc, count, eq } from "drizzle-orm";
import { currentMachine } from "./describe-machine.ts";
import { type MachineRow, machinesById } from "./machines.ts";
import type { Database, Executor } from "./open-store.ts";
import type { PresetKey } from "./results.ts";
import { presets } from "./schema/presets.ts";

const ofKey = (key: PresetKey) =>
  and(
    eq(presets.hardwareClass, key.hardwareClass),
    eq(presets.modelDigest, key.modelDigest),
    eq(presets.engineKind, key.engineKind),
    eq(presets.engineVersion, key.engineVersion),
  );

/** Replaces the presets of one key. */
export async function replacePresets(db: Database, key: PresetKey, chosen: readonly Preset[]): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.delete(presets).where(ofKey(key));
    const rows = chosen.map((preset) => ({
      ...key,
      purpose: preset.purpose,
      modelName: preset.modelName,
      document: toBinary(PresetSchema, preset),
    }));
    if (rows.length > 0) await tx.insert(presets).values(rows);
  });
}

/** Presets that match, each with why it may no longer hold; empty fields match everything. Ordered by class, model, engine, purpose. */
export async function listPresets(
  db: Executor,
  filter: { model: string; hardwareClass: string; purpose: string },
): Promise<Preset[]> {
  const rows = await db
    .select({ document: presets.document, refreshedAt: presets.refreshedAt })
    .from(presets)
    .where(
      and(
        filter.model === "" ? undefined : eq(presets.modelName, filter.model),
        filter.hardwareClass === "" ? undefined : eq(presets.hardwareClass, filter.hardwareClass),
        filter.purpose === "" ? undefined : eq(presets.purpose, filter.purpose),
      ),
    )
    .orderBy(
      asc(presets.hardwareClass),
      asc(presets.modelName),
      asc(presets.modelDigest),
      asc(presets.engineKind),
      asc(presets.engineVersion),
      asc(presets.purpose),
    );
  const found = rows.map(({ document, refreshedAt }) => {
    const preset = fromBinary(PresetSchema, document);
    preset.refreshedAt = timestampFromDate(refreshedAt);
    return preset;
  });
  return withStaleness(db, found);
}

/** Configurations that the presets of a machine's class chose for a model, each once, in the order of their purposes. */
export async function peerPicks(
  db: Executor,
  { announcement }: MachineRow,
  modelDigest: string,
): Promise<Configuration[]> {
  const { hardwareClass } = announcement;
  const ofClass = await listPresets(db, { model: "", hardwareClass, purpose: "" });
  const ofModel = ofClass.filter(
    (preset) => preset.modelDigest === modelDigest && preset.engine?.kind === announcement.engine?.kind,
  );
  const picks = OBJECTIVES.flatMap(({ purpose }) =>
    ofModel.flatMap((preset) =>
      preset.purpose === purpose && preset.configuration ? [preset.configuration] : [],
    ),
  );
  return [...new Map(picks.map((pick) => [configurationKey(pick), pick])).values()];
}

/** Never stored: a machine may change back, and what is stored follows from results alone. */
async function withStaleness(db: Executor, found: readonly Preset[]): Promise<Preset[]> {
  const ids = [...new Set(found.flatMap(({ machineIds }) => machineIds))];
  const machines = (await machinesById(db, ids)).map(currentMachine).sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const preset of found) preset.staleBecause = staleBecause(preset, machines);
  return [...found];
}

/** The keys that have presets, with the time of their refreshing. */
export const refreshedKeys = (db: Executor): Promise<(PresetKey & { refreshedAt: Date })[]> =>
  db
    .selectDistinctOn(
      [presets.hardwareClass, presets.modelDigest, presets.engineKind, presets.engineVersion],
      {
        hardwareClass: presets.hardwareClass,
        modelDigest: presets.modelDigest,
        engineKind: presets.engineKind,
        engineVersion: presets.engineVersion,
        refreshedAt: presets.refreshedAt,
      },
    )
    .from(presets);

/** How many presets there are. */
export async function countPresets(db: Executor): Promise<number> {
  const [row] = await db.select({ presets: count() }).from(presets);
  return row?.presets ?? 0;
}
