// Tells graphics that share the main memory from cards with their own. Names are all there is to go by: tools report
// an APU's carve-out as if it were VRAM, and some report all of the main memory. Pure.

const AMD_INTEGRATED = [
  /\bradeon(?:\s*\(tm\))?(?:\s+r\d)?\s+graphics\b/i, // "AMD Radeon(TM) Graphics", "Radeon R7 Graphics"
  /\bradeon(?:\s*\(tm\))?\s+(?:vega\s*)?\d+\s+(?:mobile\s+)?graphics\b/i, // "Radeon Vega 8 Graphics"
  /\b(?:6[0-9]0|7[468]0|8[4-9]0)m\b/i, // 680M, 780M, 890M; cards are called RX 7600M, with four digits
  /\b80[456]0s\b/i, // Strix Halo
  /\b(?:raphael|granite ridge|phoenix|rembrandt|renoir|cezanne|barcelo|lucienne|strix|hawk point|mendocino|picasso|raven)\b/i,
];
const AMD_DISCRETE =
  /\b(?:rx|instinct|firepro|firegl|radeon vii|mi\d{2,3}\w?|navi \d+)\b|\bpro\s+(?:w|v|r|wx)?\s*\d{4}/i;
const INTEL_DISCRETE =
  /\barc(?:\s*\(tm\))?\s+(?:pro\s+)?[ab]\d{2,3}|\bdata center gpu\b|\bdg[12]\b|\bbattlemage\b/i;
const NVIDIA_SHARED = /\bgb10\b|\borin\b|\bthor\b|\bxavier\b|\btegra\b|\bnvgpu\b/i;

/**
 * Whether a GPU shares the main memory.
 * @param vendor "nvidia", "amd", "intel", "apple" or another word
 * @returns null when the name does not tell
 */
export function sharesMainMemory(vendor: string, model: string): boolean | null {
  if (vendor === "apple") return true;
  if (vendor === "nvidia") return NVIDIA_SHARED.test(model);
  if (vendor === "intel") return !INTEL_DISCRETE.test(model);
  if (vendor !== "amd") return null;
  if (AMD_DISCRETE.test(model)) return false;
  return AMD_INTEGRATED.some((pattern) => pattern.test(model)) ? true : null;
}

/** The maker in one word from whatever a tool calls it, or "unknown" for virtual and exotic adapters. */
export function gpuVendor(...texts: readonly unknown[]): "nvidia" | "amd" | "intel" | "apple" | "unknown" {
  const words = texts.filter((text) => typeof text === "string").join(" ");
  if (/nvidia|geforce|quadro|0x10de/i.test(words)) return "nvidia";
  if (/advanced micro|\bamd\b|_amd\b|\bati\b|radeon|0x1002/i.test(words)) return "amd";
  if (/apple/i.test(words)) return "apple";
  if (/intel|0x8086/i.test(words)) return "intel";
  return "unknown";
}
