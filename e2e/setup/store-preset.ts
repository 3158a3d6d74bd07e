// A preset in the database as a sweep would have left it.
import { toBinary } from "@bufbuild/protobuf";
import { EngineKind } from "@ozone/proto/machine";
import { type Preset, PresetSchema } from "@ozone/proto/preset";
import type { Stack } from "./stack.ts";

/** Stores it; one of the same key is replaced. */
export async function storePreset(stack: Stack, preset: Preset): Promise<void> {
  const { hardwareClass, modelDigest, engine, purpose, modelName } = preset;
  const kind = engine?.kind === EngineKind.OLLAMA ? "ollama" : "reference";
  const document = Buffer.from(toBinary(PresetSchema, preset)).toString("hex");
  const key = [hardwareClass, modelDigest, kind, engine?.version ?? "", purpose];
  const columns = ["hardware_class", "model_digest", "engine_kind", "engine_version", "purpose"];
  const same = columns.map((column, index) => `${column} = '${key[index]}'`);
  await stack.query(`delete from presets where ${same.join(" and ")}`);
  await stack.query(
    `insert into presets (${columns.join(", ")}, model_name, document)
     values (${[...key, modelName].map((word) => `'${word}'`).join(", ")}, decode('${document}', 'hex'))`,
  );
}

/** The hardware class of the stack's machines: they share a host. */
export async function classOf(stack: Stack): Promise<string> {
  const { machines } = await stack.json<{ machines: { hardwareClass: string }[] }>(["machine", "list"]);
  return machines[0]?.hardwareClass ?? "";
}
