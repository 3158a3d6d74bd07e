// What an extreme context needs, as measured, and what a person has to do on purpose to use it. Pure.
import { create } from "@bufbuild/protobuf";
import type { Configuration } from "@ozone/proto/configuration";
import { type Requirement, RequirementSchema } from "@ozone/proto/preset";
import { dimensionsOf, promptTokensFor } from "@ozone/shared/configuration";
import { memoryStress, type Stress } from "@ozone/shared/memory-stress";
import { formatBytes, formatDuration } from "@ozone/shared/units";
import type { ConfigurationSummary } from "./summarise.ts";

const worst = (all: readonly (Stress | null)[]): Stress | null =>
  all.reduce((most, one) => (one !== null && one.share > (most?.share ?? -1) ? one : most), null);

function memory(kind: "ram" | "vram", stress: Stress | null): Requirement {
  const name = kind.toUpperCase();
  const whole = kind === "ram" ? "available before the load" : "GPU memory";
  if (!stress) {
    return create(RequirementSchema, { kind, words: `${name}: not known, the machine does not tell.` });
  }
  const { usedBytes, ofBytes, share, level } = stress;
  return create(RequirementSchema, {
    kind,
    words: `${name}: ${formatBytes(usedBytes)} at the peak, of ${formatBytes(ofBytes)} ${whole} (${Math.round(100 * share)} %, stress ${level}).`,
    usedBytes: BigInt(Math.round(usedBytes)),
    ofBytes: BigInt(Math.round(ofBytes)),
  });
}

/** Settings of the server's environment that the configuration rests on, as NAME=value. */
export function serverSettings({ kvCacheType, flashAttention, concurrency }: Configuration): string[] {
  const settings: string[] = [];
  if (flashAttention !== "") settings.push(`OLLAMA_FLASH_ATTENTION=${flashAttention === "on" ? 1 : 0}`);
  if (kvCacheType !== "") settings.push(`OLLAMA_KV_CACHE_TYPE=${kvCacheType}`);
  if (concurrency > 1) settings.push(`OLLAMA_NUM_PARALLEL=${concurrency}`);
  return settings;
}

/** Memory, room for the answer, waiting time and server settings. */
export function requirements({ configuration, memories, figures }: ConfigurationSummary): Requirement[] {
  const stresses = memories.map(memoryStress);
  const hasGpu = memories.some(({ vramBytes, sizeVramBytes }) => (vramBytes ?? sizeVramBytes ?? 0n) > 0n);
  const prompt = promptTokensFor(configuration, 1);
  const needs = [
    memory("ram", worst(stresses.map(({ ram }) => ram))),
    ...(hasGpu ? [memory("vram", worst(stresses.map(({ vram }) => vram)))] : []),
    create(RequirementSchema, {
      kind: "room",
      words: `Room: num_predict ${configuration.numPredict} tokens of the context are the answer's; a prompt of at most ${prompt} tokens fits beside it.`,
    }),
    create(RequirementSchema, {
      kind: "wait",
      words: `Waiting: ${formatDuration(figures.ttftMs)} until the first token with the context filled; the time limit of every client must be longer.`,
    }),
  ];
  const settings = serverSettings(configuration).map((setting) =>
    create(RequirementSchema, { kind: "server_setting", words: `Server setting: ${setting}.` }),
  );
  return [...needs, ...settings];
}

/** What has to be done on purpose, one sentence each, in the order in which to do it. */
export function manualOverride({ configuration }: ConfigurationSummary): string[] {
  const settings = serverSettings(configuration);
  const { concurrency: _, kv_cache_type: __, flash_attention: ___, ...options } = dimensionsOf(configuration);
  const list = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  return [
    "Save what is open on the machine and end other large programs: when memory runs out, the system may end any of them.",
    ...(settings.length > 0 ? [`Start the server with ${settings.join(" ")}.`] : []),
    `Set ${list.join(", ")} by hand (options of the request, or PARAMETER lines of a Modelfile): nothing chooses this preset unless it is named.`,
    "Watch free memory (free, nvidia-smi, Task Manager) while the context fills, and stop at the first sign of swapping.",
  ];
}
