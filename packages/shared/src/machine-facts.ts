// What a probe found out about one machine: plain data that travels as JSON from the agent to the coordinator.
// One convention for what could not be found out: a text is the literal "unknown", anything else (a number, a
// boolean, the list of GPUs) is null. A zero is never a stand-in for unknown.
import * as z from "zod";
import { OzoneError } from "./errors.ts";

/** The literal that stands for a text nobody could find out. */
export const UNKNOWN = "unknown";

/** Longest text that facts may carry; `factText` cuts longer ones. */
export const FACT_TEXT_MAX_LENGTH = 256;

/** The best vector instruction set of a CPU, as far as inference engines care. */
export const ISA_TIERS = ["sse42", "avx", "avx2", "avx512", "amx", "neon", "sve", "unknown"] as const;

/** Operating system families; everything else is "other". */
export const OS_FAMILIES = ["linux", "windows", "macos", "other"] as const;

const text = z.string().min(1).max(FACT_TEXT_MAX_LENGTH);
const count = z.number().int().positive().nullable();
const bytes = z.number().int().nonnegative().nullable();

const gpuFactsSchema = z.object({
  /** "nvidia", "amd", "intel", "apple", another maker's name, or "unknown". */
  vendor: text,
  /** Name as the driver gives it, for example "NVIDIA GeForce RTX 4090". */
  model: text,
  /** Dedicated memory. Null when unknown, and for a GPU that shares the main memory. */
  vramBytes: bytes,
  /** Driver version. */
  driver: text,
  /** True when the GPU shares the main memory with the CPU. */
  unified: z.boolean().nullable(),
  /** GPU cores where the system tells (Apple); two Apple chips of one name may differ in them. */
  cores: count,
  /** The driver's own index, which placement options refer to. */
  index: z.number().int().nonnegative().nullable(),
});

const changeSchema = z.object({
  /** One sentence. */
  what: z.string().min(1).max(512),
  /** When the agent noticed it, by its own clock, as ISO 8601. */
  changedAt: z.iso.datetime(),
});

/** Schema of `MachineFacts`. Unknown keys are dropped, so that an older reader accepts a newer agent. */
export const machineFactsSchema = z.object({
  /** Opaque hash that is equal for all agents of one host; never the raw machine id. */
  hostId: z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits"),
  os: z.object({ family: z.enum(OS_FAMILIES), release: text, arch: text }),
  cpu: z.object({
    vendor: text,
    /** Name as the system gives it, trademarks and all. */
    brand: text,
    physicalCores: count,
    logicalCores: count,
    /** Cores that this process may use (affinity and cgroup quota); may be a fraction. */
    usableCores: z.number().positive().nullable(),
    isaTier: z.enum(ISA_TIERS),
    /** The instruction-set flags that matter for inference, sorted. */
    features: z.array(text).max(64),
    /** Sum over all last-level caches. */
    l3Bytes: bytes,
  }),
  memory: z.object({
    totalBytes: bytes,
    /** Limit of the cgroup that the probe ran in; null without one. */
    limitBytes: bytes,
    /** Best read bandwidth seen by the micro-probe; a lower bound of what the hardware can do. */
    bandwidthBytesPerSecond: z.number().positive().nullable(),
    /** The same read from memory that fits the last-level cache; small models may be read this fast. */
    cacheBandwidthBytesPerSecond: z.number().positive().nullable(),
    /** How the bandwidth was measured, for example "memchr, 2 threads". */
    bandwidthMethod: text,
  }),
  /** Null when nothing could be asked; an empty list when the machine was looked at and has none. */
  gpus: z.array(gpuFactsSchema).max(64).nullable(),
  /** True inside a virtual machine. */
  virtualised: z.boolean().nullable(),
  powerSource: z.enum(["mains", "battery", "unknown"]),
  numaNodes: count,
  /** One sentence for each thing that could not be found out. */
  notes: z.array(z.string().max(512)).max(64),
  /** What changed between starts of the agent, the newest last; absent from agents that did not look. */
  changes: z.array(changeSchema).max(16).optional(),
});

/** What a probe found out about one machine. Sizes in bytes; see the head of this file for "unknown". */
export type MachineFacts = z.infer<typeof machineFactsSchema>;

/** One change of hardware, driver or memory. */
export type HardwareChange = z.infer<typeof changeSchema>;

/** One GPU of `MachineFacts`. */
export type GpuFacts = z.infer<typeof gpuFactsSchema>;

/** Best vector instruction set, from `ISA_TIERS`. */
export type IsaTier = (typeof ISA_TIERS)[number];

/** Operating system family, from `OS_FAMILIES`. */
export type OsFamily = (typeof OS_FAMILIES)[number];

/**
 * Checks facts that came from outside, for example as JSON from an agent.
 * @throws OzoneError `invalid_input`, with one sentence that names the first field at fault.
 */
export function parseMachineFacts(value: unknown): MachineFacts {
  const parsed = machineFactsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") || "the whole document";
  throw new OzoneError(
    "invalid_input",
    `Machine facts are not valid at ${place}: ${issue?.message ?? "unreadable"}. Probe the machine again with an agent of this version.`,
  );
}

/** Turns whatever a tool printed into a text that facts may carry: one line, no control characters, bounded. */
export function factText(raw: unknown): string {
  if (typeof raw !== "string") return UNKNOWN;
  const cleaned = raw
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, FACT_TEXT_MAX_LENGTH)
    .trim();
  return cleaned === "" ? UNKNOWN : cleaned;
}
