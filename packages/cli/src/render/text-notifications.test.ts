// What `ozone notification` prints.
import { create } from "@bufbuild/protobuf";
import {
  ListNotificationsResponseSchema,
  SendTestNotificationResponseSchema,
} from "@ozone/proto/notification_service";
import { expect, it } from "vitest";
import { notificationsText, testedText } from "./text-notifications.ts";

const at = { seconds: 1_790_000_000n };
const one = {
  id: "msg_1",
  type: "machine.missing",
  about: `evil\u001b[2J\nname ${"x".repeat(60)}`,
  createdAt: at,
};
const listOf = (...notifications: object[]) =>
  notificationsText(
    create(ListNotificationsResponseSchema, { notifications, total: 9, receiver: "https://hooks.lab" }),
  );

it("the list says what became of each within 80 columns, and why something was not taken", () => {
  const text = listOf(
    { ...one, state: "waiting", attempts: 2, answer: "HTTP 503", nextTryAt: at },
    { ...one, state: "delivered", attempts: 1, answer: "HTTP 204", endedAt: at },
    { ...one, state: "given_up", attempts: 30, answer: "no answer within 10000 ms", endedAt: at },
  );
  expect(text).toContain("Notifications go to https://hooks.lab\n");
  expect(text).toMatch(/waiting, 2 tries\n.* delivered\n.* given up, 30 tries\n/);
  expect(text).toContain(": HTTP 503; next try 09-21 14:13 UTC\n");
  expect(text).toContain(": no answer within 10000 ms\n");
  expect(text).not.toContain("HTTP 204");
  expect(text).toContain("6 more; --last shows them.");
  expect(text).not.toContain("\u001b");
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

it("the list says so when there is no webhook", () => {
  expect(notificationsText(create(ListNotificationsResponseSchema))).toContain("has no webhook");
});

it("a test says what came back", () => {
  const sent = { receiver: "https://hooks.lab", answer: "HTTP 401", tookMs: 21, id: "msg_2" };
  expect(testedText(create(SendTestNotificationResponseSchema, sent))).toBe(
    "https://hooks.lab did not take the notification: HTTP 401, after 21 ms\nIts webhook-id: msg_2\n",
  );
});
