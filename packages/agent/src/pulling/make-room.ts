// Which of the models that Ozone pulled have to go for another one. Pure.

/** A model that Ozone pulled. */
export interface PulledModel {
  /** As it is installed. */
  readonly model: string;
  readonly digest: string;
  readonly sizeBytes: number;
  /** When a trial last ran on it, or it was pulled, in epoch milliseconds. */
  readonly usedAtMs: number;
}

/** Bytes that these take. */
export const bytesOf = (pulled: readonly PulledModel[]): number =>
  pulled.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/**
 * The models to remove so that `needBytes` more fit, the one that was used longest ago first; none when they fit as it is.
 * @param kept names that must stay: somebody has them loaded
 * @returns null when it can't fit, whatever goes
 */
export function roomFor(
  needBytes: number,
  {
    pulled,
    diskBytes,
    kept,
  }: {
    readonly pulled: readonly PulledModel[];
    readonly diskBytes: number;
    readonly kept: ReadonlySet<string>;
  },
): PulledModel[] | null {
  const candidates = pulled
    .filter(({ model }) => !kept.has(model))
    .sort((a, b) => a.usedAtMs - b.usedAtMs || (a.model < b.model ? -1 : 1));
  let usedBytes = bytesOf(pulled);
  const going: PulledModel[] = [];
  while (usedBytes + needBytes > diskBytes) {
    const next = candidates[going.length];
    if (next === undefined) return null;
    going.push(next);
    usedBytes -= next.sizeBytes;
  }
  return going;
}
