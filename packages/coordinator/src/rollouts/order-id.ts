// The id of an order: which roll-out, which of its machines, and what for. Pure.

/** What an order is for. */
export type OrderKind = "apply" | "take-back";

/** An id, taken apart. */
export interface OrderName {
  readonly rolloutId: string;
  readonly position: number;
  readonly kind: OrderKind;
}

const FORM = /^(r-[0-9a-f]{1,40})-(\d{1,6})-(apply|take-back)$/;

/** "r-0123456789-2-apply": safe as a file's name. */
export const orderId = (rolloutId: string, position: number, kind: OrderKind): string =>
  `${rolloutId}-${position}-${kind}`;

/** Null for an id that is none of ours. */
export function parseOrderId(text: string): OrderName | null {
  const [, rolloutId, position, kind] = FORM.exec(text) ?? [];
  if (rolloutId === undefined || position === undefined) return null;
  return { rolloutId, position: Number(position), kind: kind === "apply" ? "apply" : "take-back" };
}
