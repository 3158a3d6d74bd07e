// Numbers in Ollama's words.

/** Bytes in binary units: "1.5 GiB". */
export function humanBytes(bytes: number): string {
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  if (bytes >= 2 ** 10) return `${(bytes / 2 ** 10).toFixed(1)} KiB`;
  return `${bytes} B`;
}

/** A count of parameters: "26.57M", "8.1B", "900K"; whole numbers without a fraction. */
export function humanCount(count: number): string {
  if (count >= 1e9) return `${fraction(count / 1e9, 1)}B`;
  if (count >= 1e6) return `${fraction(count / 1e6, 2)}M`;
  if (count >= 1e3) return `${Math.round(count / 1e3)}K`;
  return String(count);
}

function fraction(value: number, digits: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}
