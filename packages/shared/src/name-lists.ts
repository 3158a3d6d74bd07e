// Names within a sentence. Pure.

/** Each in quotation marks. */
export const quoted = (names: readonly string[]): string =>
  names.map((name) => JSON.stringify(name)).join(", ");

const SHOWN_MAX = 8;

/** At most a few of them, so that a sentence stays one. */
export function someOf(names: readonly string[]): string {
  const rest = names.length - SHOWN_MAX;
  return rest > 0 ? `${names.slice(0, SHOWN_MAX).join(", ")} and ${rest} more` : names.join(", ");
}
