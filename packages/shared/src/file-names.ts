// Names of files made from names that others chose. Hostile names stay inside the folder.

/**
 * "qwen3-coder:30b" becomes "qwen3-coder_30b"; everything that is not a letter, digit, dot, dash or underscore becomes
 * an underscore, a leading dot too; at most 120 characters.
 */
export function fileNameFor(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\.+/, "_")
    .slice(0, 120);
  return safe === "" ? "_" : safe;
}
