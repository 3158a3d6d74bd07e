// The hardware class: the normalised key of machines that should behave alike. Presets are stored under it, so it
// must be stable: it depends on what the hardware is, not on how a tool spells it. Pure; safe in file names.
import type { GpuFacts, MachineFacts } from "./machine-facts.ts";

/** The part of the facts that decides the class. */
export type HardwareClassFacts = Pick<MachineFacts, "os" | "cpu" | "memory" | "gpus">;

/** No key is longer than this, whatever the names are. */
export const HARDWARE_CLASS_MAX_LENGTH = 180;

const NAME_MAX_LENGTH = 56;
const GIB = 1024 ** 3;

/** Usual sizes of main memory in GiB. */
const RAM_TIERS_GIB = [
  1, 2, 3, 4, 6, 8, 12, 16, 18, 20, 24, 32, 36, 40, 48, 64, 72, 80, 96, 128, 192, 256, 384, 512, 768, 1024,
  1536, 2048, 3072, 4096, 6144, 8192,
];

/** Usual sizes of GPU memory in GiB, as they are sold. */
const VRAM_TIERS_GIB = [
  1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 16, 20, 24, 32, 40, 48, 64, 80, 94, 96, 128, 141, 144, 180, 192, 256, 288,
];

/**
 * The hardware class of a machine, for example `amd-ryzen-9-7950x-16c-avx512-64gb-nvidia-rtx-4090-24gb-linux`:
 * vendor, chip, physical cores, ISA tier, RAM tier, GPUs with their VRAM tier, OS family. Only [a-z0-9-], at most
 * `HARDWARE_CLASS_MAX_LENGTH` characters. What is unknown says so in its place (`cores-unknown`).
 */
export function hardwareClass(facts: HardwareClassFacts): string {
  const vendor = vendorKey(facts.cpu.vendor, facts.cpu.brand);
  const appleGpu = vendor === "apple" ? facts.gpus?.find((gpu) => gpu.unified === true) : undefined;
  const parts = [
    vendor,
    chipName(facts.cpu.brand, vendor),
    coresKey(facts.cpu),
    appleGpu?.cores ? `${appleGpu.cores}gpu` : "",
    facts.cpu.isaTier === "unknown" ? "isa-unknown" : facts.cpu.isaTier,
    tierKey(facts.memory.limitBytes ?? facts.memory.totalBytes, RAM_TIERS_GIB) ?? "ram-unknown",
    appleGpu ? "unified" : "",
    gpusKey(facts.gpus),
    facts.os.family,
  ];
  return capped(parts.filter((part) => part !== "").join("-"), HARDWARE_CLASS_MAX_LENGTH);
}

/**
 * A CPU's name without its maker, trademarks, clock, core count, generation and integrated graphics:
 * "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz" -> `core-i7-1165g7`.
 */
export function chipName(brand: string, vendor: string): string {
  const named = plain(brand).replace(/\s(?:with|w\/)\s.*$/, " ");
  const name = settle(slug(named), (before) =>
    dropWords(before, [
      /^\d+(?:st|nd|rd|th)-gen(?=-|$)/,
      /(?<=^|-)\d+(?:-\d+)?-?[gm]hz(?=-|$)/g,
      /(?<=^|-)(?:cpu|processors?|authenticamd|genuineintel)(?=-|$)/g,
      /(?<=^|-)(?:\d+|dual|triple|quad|six|eight|ten|twelve|sixteen)-cores?(?=-|$)/g,
      new RegExp(`^${vendor}(?=-|$)`),
    ]),
  );
  return name === "" || name === "unknown" ? "chip-unknown" : name;
}

/**
 * A GPU's name without its maker, trademarks and memory size: "NVIDIA GeForce RTX 4090" -> `rtx-4090`. "Laptop GPU",
 * "Max-Q" and "SUPER" stay: they are other chips. Of a bus listing the name in the last brackets counts.
 */
export function gpuName(model: string, vendor: string): string {
  const lowered = model.toLowerCase();
  const bracketed = /\[(?!amd\/ati\])([^\][]+)\][^\][]*$/.exec(lowered)?.[1];
  const name = settle(slug(plain(bracketed ?? lowered)), (before) =>
    dropWords(before, [
      /^(?:nvidia-corporation|advanced-micro-devices(?:-inc)?|amd-ati|ati|intel-corporation)(?=-|$)/,
      new RegExp(`^${vendor}(?=-|$)`),
      /(?<=^|-)(?:geforce|tesla|generation|\d+gb)(?=-|$)/g,
      /-graphics$/,
    ]),
  );
  return name === "" || name === "unknown" ? "model-unknown" : name;
}

/**
 * The usual size nearest to what the system reports, as `24gb`. Firmware, ECC and kernels only take memory away, so
 * a tier below the reported size counts three times as far as one above it: 13.5 GiB is a machine of 16.
 */
export function tierKey(bytes: number | null, tiersGib: readonly number[]): string | null {
  if (bytes === null || bytes <= 0) return null;
  const gib = bytes / GIB;
  const distance = (tier: number) => (tier >= gib ? Math.log(tier / gib) : 3 * Math.log(gib / tier));
  const nearest = tiersGib.reduce((best, tier) => (distance(tier) < distance(best) ? tier : best));
  return `${nearest}gb`;
}

const VENDORS: ReadonlyArray<readonly [RegExp, string]> = [
  [/nvidia|geforce|\b[rg]tx\b|\btesla\b|quadro/, "nvidia"],
  [/intel|\bxeon\b/, "intel"],
  [/apple/, "apple"],
  [/advanced micro|\bamd\b|authenticamd|\bati\b|radeon|ryzen|\bepyc\b/, "amd"],
  [/hygon/, "hygon"],
  [/zhaoxin|centaur/, "zhaoxin"],
  [/qualcomm|snapdragon/, "qualcomm"],
  [/ampere/, "ampere"],
  [/\barm\b|cortex|neoverse/, "arm"],
];

/** The maker's one name, from the vendor text, else guessed from the device's name, else `unknown`. */
function vendorKey(vendor: string, name: string): string {
  for (const candidate of [vendor, name]) {
    const words = plain(candidate);
    const known = VENDORS.find(([pattern]) => pattern.test(words));
    if (known) return known[1];
  }
  const other = slug(plain(vendor));
  return other === "" ? "unknown" : capped(other, 24);
}

function coresKey(cpu: MachineFacts["cpu"]): string {
  const present = cpu.physicalCores;
  const usable = cpu.usableCores === null ? null : Math.max(1, Math.ceil(cpu.usableCores));
  if (present !== null) return `${usable === null ? present : Math.min(present, usable)}c`;
  const threads = usable ?? cpu.logicalCores;
  return threads === null ? "cores-unknown" : `${threads}t`;
}

/**
 * Equal GPUs are counted (`2x-nvidia-rtx-3090-24gb`), the biggest come first. Integrated graphics of x86 chips are
 * left out: the chip's name fixes them, and whether a tool lists them is chance.
 */
function gpusKey(gpus: readonly GpuFacts[] | null): string {
  if (gpus === null) return "gpu-unknown";
  const counts = new Map<string, { count: number; vramBytes: number }>();
  for (const gpu of gpus) {
    const key = gpuKey(gpu);
    if (key === null) continue;
    const seen = counts.get(key) ?? { count: 0, vramBytes: gpu.vramBytes ?? 0 };
    counts.set(key, { count: seen.count + 1, vramBytes: Math.max(seen.vramBytes, gpu.vramBytes ?? 0) });
  }
  return [...counts]
    .sort(([a, first], [b, second]) => second.vramBytes - first.vramBytes || (a < b ? -1 : 1))
    .map(([key, { count }]) => (count > 1 ? `${count}x-${key}` : key))
    .join("-");
}

function gpuKey(gpu: GpuFacts): string | null {
  const vendor = vendorKey(gpu.vendor, gpu.model);
  if (gpu.unified === true && vendor !== "nvidia") return null;
  const memory =
    gpu.unified === true ? "unified" : (tierKey(gpu.vramBytes, VRAM_TIERS_GIB) ?? "vram-unknown");
  return `${vendor}-${gpuName(gpu.model, vendor)}-${memory}`;
}

const TERMINAL_CODES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[a-z]`, "gi");

/** Lower case, without terminal codes, trademarks and remarks in parentheses. */
function plain(name: string): string {
  return name
    .slice(0, 512)
    .replace(TERMINAL_CODES, " ")
    .replace(/[™®©]|\((?:r|tm|c)\)/gi, " ")
    .normalize("NFKC")
    .toLowerCase()
    .replace(/\([^()]*\)/g, " ")
    .replace(/\s+/g, " ");
}

function slug(name: string): string {
  return name
    .replace(/\+/g, "-plus-")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

function dropWords(name: string, patterns: readonly RegExp[]): string {
  const left = patterns.reduce((rest, pattern) => rest.replace(pattern, "-"), name);
  return capped(slug(left), NAME_MAX_LENGTH);
}

/** Repeats a shortening step until nothing changes, so that a cleaned name cleans to itself. */
function settle(name: string, step: (name: string) => string): string {
  const next = step(name);
  return next === name ? name : settle(next, step);
}

/** Cuts a long name and marks it with a hash of the whole, so that two long names stay apart. */
function capped(name: string, maxLength: number): string {
  if (name.length <= maxLength) return name;
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  const mark = (hash >>> 0).toString(16).padStart(8, "0");
  return `${name.slice(0, maxLength - 9).replace(/-+$/, "")}-${mark}`;
}
