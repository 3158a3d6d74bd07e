// AMD GPUs through rocm-smi or its successor amd-smi. Both print JSON whose keys were renamed between releases, and
// both may print warnings before it; so keys are matched without case, and each of the known shapes is accepted.
import { factText, type GpuFacts } from "@ozone/shared/machine-facts";
import { sharesMainMemory } from "./gpu-integrated.ts";
import type { RunTool } from "./run-tool.ts";

const MIB = 1024 ** 2;
const AMD_SMI_ARGS = ["static", "--asic", "--vram", "--driver", "--json"];
const ROCM_SMI_ARGS = ["--showproductname", "--showmeminfo", "vram", "--showdriverversion", "--json"];

type Json = Record<string, unknown>;

/** Parses `rocm-smi --showproductname --showmeminfo vram --showdriverversion --json`; empty when it is no such text. */
export function parseRocmSmi(stdout: string): GpuFacts[] {
  const root = record(jsonInside(stdout));
  const driver = field(record(field(root, "system")), "driver version");
  return Object.entries(root).flatMap(([key, value]) => {
    const index = /^card:?(\d+)$/.exec(key)?.[1];
    if (index === undefined) return [];
    const card = record(value);
    const names = ["card series", "device name", "card model"].map((name) => field(card, name));
    return amdGpu({
      model: names.find(isName),
      vramBytes: wholeNumber(field(card, "vram total memory (b)")),
      driver,
      index: Number(index),
    });
  });
}

/** Parses `amd-smi static --asic --vram --driver --json`, both with and without the `gpu_data` around the list. */
export function parseAmdSmi(stdout: string): GpuFacts[] {
  const root = jsonInside(stdout);
  const list = Array.isArray(root) ? root : field(record(root), "gpu_data");
  if (!Array.isArray(list)) return [];
  return list.map((entry, position) => {
    const gpu = record(entry);
    const model = field(record(field(gpu, "asic")), "market_name");
    return amdGpu({
      model: isName(model) ? model : undefined,
      vramBytes: sizeBytes(field(record(field(gpu, "vram")), "size")),
      driver: field(record(field(gpu, "driver")), "version"),
      index: wholeNumber(field(gpu, "gpu")) ?? position,
    });
  });
}

/** Asks the tools in turn, newest first; null when none answers. */
export async function readAmdGpus(run: RunTool): Promise<{ gpus: GpuFacts[] | null; reason: string | null }> {
  const attempts = [
    { command: "amd-smi", args: AMD_SMI_ARGS, parse: parseAmdSmi },
    { command: "rocm-smi", args: ROCM_SMI_ARGS, parse: parseRocmSmi },
    { command: "/opt/rocm/bin/rocm-smi", args: ROCM_SMI_ARGS, parse: parseRocmSmi },
  ];
  let reason: string | null = null;
  for (const { command, args, parse } of attempts) {
    const output = await run(command, args, 10_000);
    const gpus = output.ok ? parse(output.stdout) : [];
    if (gpus.length > 0) return { gpus, reason: null };
    if (output.ok) reason ??= `${command} lists no GPU`;
    else if (!output.missing) reason ??= output.reason;
  }
  return { gpus: null, reason };
}

function amdGpu(raw: { model: unknown; vramBytes: number | null; driver: unknown; index: number }): GpuFacts {
  const model = factText(raw.model);
  const unified = sharesMainMemory("amd", model);
  return {
    vendor: "amd",
    model,
    vramBytes: unified === true ? null : raw.vramBytes,
    driver: factText(raw.driver),
    unified,
    cores: null,
    index: raw.index,
  };
}

/** The JSON document in a text that may begin with warnings. */
function jsonInside(stdout: string): unknown {
  const start = stdout.search(/^\s*[[{]/m);
  if (start < 0) return null;
  try {
    return JSON.parse(stdout.slice(start));
  } catch {
    return null; // the tool printed something else; the caller reports that it lists no GPU
  }
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function field(of: Json, name: string): unknown {
  const key = Object.keys(of).find((candidate) => candidate.toLowerCase() === name);
  return key === undefined ? undefined : of[key];
}

/** A marketing name; cards that the tool does not know come as "0x744c" or "N/A". */
function isName(value: unknown): value is string {
  return typeof value === "string" && /[a-z]{2}/i.test(value) && !/^0x|^n\/a$/i.test(value.trim());
}

function wholeNumber(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** `{"value": 16368, "unit": "MB"}`, or a bare number of MB; AMD's MB are MiB. */
function sizeBytes(size: unknown): number | null {
  const value = wholeNumber(typeof size === "object" ? field(record(size), "value") : size);
  const unit = field(record(size), "unit");
  if (value === null) return null;
  return typeof unit === "string" && unit.toUpperCase().startsWith("G") ? value * 1024 * MIB : value * MIB;
}
