// Notifications as text for a terminal. Names of sweeps and machines are anybody's words: always cleaned.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type {
  ListNotificationsResponse,
  Notification,
  SendTestNotificationResponse,
} from "@ozone/proto/notification_service";
import { formatDuration } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { textTable } from "./text-table.ts";

const ABOUT_MAX = 20;

const time = (at: Timestamp | undefined): string =>
  at ? timestampDate(at).toISOString().slice(5, 16).replace("T", " ") : "unknown";

const stateOf = ({ state, attempts }: Notification): string => {
  const words = cleanText(state, 20).replaceAll("_", " ");
  return attempts > 1 || (state === "waiting" && attempts > 0) ? `${words}, ${attempts} tries` : words;
};

/** Below the table: what came back of what was not taken. */
const problemLine = (one: Notification): string => {
  if (one.state === "delivered" || one.answer === "") return "";
  const next = one.nextTryAt ? `; next try ${time(one.nextTryAt)} UTC` : "";
  return `${cleanText(one.type, 20)} ${cleanText(one.about, ABOUT_MAX)}: ${cleanText(one.answer, 120)}${next}\n`;
};

/** A table, and a line for each that was not taken. */
export function notificationsText({ notifications, total, receiver }: ListNotificationsResponse): string {
  const to =
    receiver === ""
      ? "This coordinator has no webhook; docs/notifications.md says how to set one.\n"
      : `Notifications go to ${cleanText(receiver, 60)}\n`;
  if (notifications.length === 0) return `${to}There are none yet.\n`;
  const table = textTable(
    ["MADE (UTC)", "TYPE", "ABOUT", "STATE"].map((heading) => ({ heading })),
    notifications.map((one) => [
      time(one.createdAt),
      cleanText(one.type, 20),
      cleanText(one.about, ABOUT_MAX),
      stateOf(one),
    ]),
  );
  const more = total - notifications.length;
  const rest = more > 0 ? `${more} more; --last shows them.\n` : "";
  return to + table + notifications.map(problemLine).join("") + rest;
}

/** What came of a test. */
export function testedText({
  receiver,
  delivered,
  answer,
  tookMs,
  id,
}: SendTestNotificationResponse): string {
  const what = `${cleanText(receiver, 60)} ${delivered ? "took the notification" : "did not take the notification"}`;
  return `${what}: ${cleanText(answer, 160)}, after ${formatDuration(tookMs)}\nIts webhook-id: ${cleanText(id, 60)}\n`;
}
