// What notifications say: JSON of a type, a moment and data. Names are data in it, cut to a length; nothing else is free text.
import { randomUUID } from "node:crypto";
import type { NewNotification } from "../store/notifications.ts";

/** What there is to tell. */
export type NotificationType =
  | "sweep.done"
  | "sweep.failed"
  | "sweep.drained"
  | "schedule.failed"
  | "schedule.missed"
  | "schedule.skipped"
  | "machine.missing"
  | "machine.back"
  | "notification.test";

const NAME_MAX = 200;

/** Cuts whole characters, so that no half of one is left over. */
const named = (name: string): string => [...name].slice(0, NAME_MAX).join("");
const SENTENCE_MAX = 1_000;

/** A sentence of ours that holds names. */
export const sentence = (text: string): string => [...text].slice(0, SENTENCE_MAX).join("");

/** A notification of something that is called `name`; instants are ISO 8601. */
export function makeNotification(
  type: NotificationType,
  at: Date,
  { name, ...data }: Readonly<Record<string, unknown>> & { readonly name: string },
): NewNotification {
  const about = named(name);
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { name: about, ...data } });
  return { id: `msg_${randomUUID().replaceAll("-", "")}`, type, about, body };
}
