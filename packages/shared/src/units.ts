// Branded units: a number whose unit is part of its type, so that milliseconds never meet nanoseconds unseen.

declare const unit: unique symbol;
type Branded<Name extends string> = number & { readonly [unit]: Name };

/** Duration in milliseconds, fractions allowed. */
export type Milliseconds = Branded<"ms">;
/** A rate in tokens per second. */
export type TokensPerSecond = Branded<"tokens/s">;
/** A size in bytes. */
export type Bytes = Branded<"bytes">;

/** Marks a number as milliseconds. */
export const milliseconds = (value: number): Milliseconds => value as Milliseconds;
/** Marks a number as tokens per second. */
export const tokensPerSecond = (value: number): TokensPerSecond => value as TokensPerSecond;
/** Marks a number as bytes. */
export const bytes = (value: number): Bytes => value as Bytes;

const NANOSECONDS_PER_MILLISECOND = 1e6;
const NANOSECONDS_PER_SECOND = 1e9;

/** Ollama reports nanoseconds; everything of ours is in milliseconds. */
export const nanosecondsToMilliseconds = (nanoseconds: number): Milliseconds =>
  milliseconds(nanoseconds / NANOSECONDS_PER_MILLISECOND);

/**
 * Rate of `count` steps in `nanoseconds`.
 * @returns null when the duration is not positive or the count is not: there is no rate then, and never NaN.
 */
export function rate(count: number, nanoseconds: number): TokensPerSecond | null {
  if (!(nanoseconds > 0) || !(count > 0)) return null;
  return tokensPerSecond((count * NANOSECONDS_PER_SECOND) / nanoseconds);
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** "29.7 MiB": for people; never parsed again. */
export function formatBytes(value: number): string {
  let amount = value;
  let position = 0;
  while (Math.abs(amount) >= 1024 && position < BYTE_UNITS.length - 1) {
    amount /= 1024;
    position += 1;
  }
  return `${position === 0 ? amount : amount.toFixed(1)} ${BYTE_UNITS[position]}`;
}

/** "850 ms", "12.3 s", "4 min 05 s": for people; never parsed again. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms - minutes * 60_000) / 1000);
  return `${minutes} min ${String(seconds).padStart(2, "0")} s`;
}
