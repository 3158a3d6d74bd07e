// Presets as they are stored, byte by byte.
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { waitFor } from "../setup/wait-for.ts";
import { MODELS, type Site, type Version } from "./site.ts";

/** SHA-256 over the documents of one model, in the order of their keys; empty: it has none. */
export type PresetBytes = string;

interface Row {
  readonly document: Buffer;
}

const rowsOf = (site: Site, model: string): Promise<Row[]> =>
  site.query<Row>(
    "select document from presets where model_name = $1 order by hardware_class, engine_kind, engine_version, purpose",
    [model],
  );

function digestOf(rows: readonly Row[]): PresetBytes {
  if (rows.length === 0) return "";
  const hash = createHash("sha256");
  for (const { document } of rows) hash.update(document);
  return hash.digest("hex");
}

/** What is stored now. */
export const presetBytes = async (site: Site, model: string): Promise<PresetBytes> =>
  digestOf(await rowsOf(site, model));

/** Presets of this version name the rules that chose them, and are not older than their results. */
async function upToDate(site: Site, model: string): Promise<{ rows: Row[]; isIt: boolean }> {
  const rows = await rowsOf(site, model);
  const [ages] = await site.query<{ fresh: boolean | null }>(
    "select (select min(refreshed_at) from presets where model_name = $1) >= (select max(received_at) from results where model_name = $1) as fresh",
    [model],
  );
  const named = rows.every(({ document }) => fromBinary(PresetSchema, document).rules !== 0);
  return { rows, isIt: rows.length > 0 && named && ages?.fresh === true };
}

/** Waits until the presets of a model are those of its results, chosen by this version. */
export async function presetsUpToDate(site: Site, model: string): Promise<PresetBytes> {
  const { rows } = await waitFor(`presets of ${model}`, () => upToDate(site, model), {
    until: ({ isIt }) => isIt,
    limitMs: 90_000,
  });
  return digestOf(rows);
}

/** Drops all presets and has a coordinator of `version` choose them from the stored results. */
export async function chooseAnew(site: Site, version: Version): Promise<Map<string, PresetBytes>> {
  await site.query("delete from presets");
  await site.coordinator.kill();
  await site.startCoordinator(version);
  const chosen = new Map<string, PresetBytes>();
  for (const model of MODELS) chosen.set(model, await presetsUpToDate(site, model));
  return chosen;
}
