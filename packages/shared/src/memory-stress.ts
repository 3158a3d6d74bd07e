// How close a configuration came to the end of the memory: peak use as a share of what was there. Pure.
import type { Memory } from "@ozone/proto/trial";
import { formatBytes } from "./units.ts";

/** From these shares on; below the first it is low. docs/metrics.md has the same numbers. */
export const STRESS_FROM = { medium: 0.6, high: 0.8, critical: 0.95 } as const;

/** In words, from harmless to about to fail. */
export type StressLevel = "low" | "medium" | "high" | "critical";

/** One kind of memory under stress. */
export interface Stress {
  readonly share: number;
  readonly level: StressLevel;
  readonly usedBytes: number;
  readonly ofBytes: number;
}

/** Stress of main memory and of the GPUs' own; null where it can't be told. */
export interface MemoryStress {
  readonly ram: Stress | null;
  readonly vram: Stress | null;
}

/** The word for a share. */
export function stressLevel(share: number): StressLevel {
  if (share >= STRESS_FROM.critical) return "critical";
  if (share >= STRESS_FROM.high) return "high";
  return share >= STRESS_FROM.medium ? "medium" : "low";
}

/**
 * Stress by what a result says of memory. RAM: the larger of the engine's own peak and of what was gone while samples
 * ran (others included), of what was available before the load. VRAM: the peak of the engine's processes, else the
 * size that the server tells, of all GPU memory.
 */
export function memoryStress(memory: Memory | undefined): MemoryStress {
  const available = numberOf(memory?.availableBytes);
  const least = numberOf(memory?.leastAvailableBytes);
  const gone = available === null || least === null ? null : Math.max(0, available - least);
  const ramUsed = larger(numberOf(memory?.peakPssBytes), gone);
  const vramUsed = numberOf(memory?.peakVramBytes) ?? numberOf(memory?.sizeVramBytes);
  return { ram: stressOf(ramUsed, available), vram: stressOf(vramUsed, numberOf(memory?.vramBytes)) };
}

/** A sentence for each kind of memory that is under high stress, worst results first taken. */
export function stressWarnings(memories: readonly (Memory | undefined)[]): string[] {
  const seen = memories.map(memoryStress);
  return [
    ...sentence("RAM", "what was available before the load", worst(seen.map(({ ram }) => ram))),
    ...sentence("VRAM", "the GPU memory", worst(seen.map(({ vram }) => vram))),
  ];
}

/** "RAM stress high: 91 % of what was available before the load (7.3 GiB of 8.0 GiB)". */
function sentence(kind: string, whole: string, stress: Stress | null): string[] {
  if (stress === null || stress.share < STRESS_FROM.high) return [];
  const amount = `${formatBytes(stress.usedBytes)} of ${formatBytes(stress.ofBytes)}`;
  return [
    `${kind} stress ${stress.level}: ${Math.round(100 * stress.share)} % of ${whole} (${amount}) was in use at the peak; a smaller num_ctx leaves more room.`,
  ];
}

const numberOf = (value: bigint | undefined): number | null => (value === undefined ? null : Number(value));

const larger = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other);

function stressOf(usedBytes: number | null, ofBytes: number | null): Stress | null {
  if (usedBytes === null || ofBytes === null || !(ofBytes > 0)) return null;
  const share = usedBytes / ofBytes;
  return { share, level: stressLevel(share), usedBytes, ofBytes };
}

const worst = (all: readonly (Stress | null)[]): Stress | null =>
  all.reduce((most, one) => (one !== null && one.share > (most?.share ?? -1) ? one : most), null);
