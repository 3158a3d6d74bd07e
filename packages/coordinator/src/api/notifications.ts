// NotificationService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ListNotificationsResponseSchema,
  NotificationSchema,
  type NotificationService,
  SendTestNotificationResponseSchema,
} from "@ozone/proto/notification_service";
import type { Endpoint } from "../notifications/endpoint.ts";
import { sendTest } from "../notifications/send-test.ts";
import { countNotifications, type NotificationRow, newestNotifications } from "../store/notifications.ts";
import type { Store } from "../store/open-store.ts";
import type { Handlers } from "./grpc-server.ts";

const LIST_DEFAULT = 50;
const LIST_MAX = 1_000;

const toMessage = ({ createdAt, nextTryAt, endedAt, body: _, ...row }: NotificationRow) =>
  create(NotificationSchema, {
    ...row,
    createdAt: timestampFromDate(createdAt),
    ...(endedAt === null
      ? { nextTryAt: timestampFromDate(nextTryAt) }
      : { endedAt: timestampFromDate(endedAt) }),
  });

/** Handlers of the notification service. */
export const notificationHandlers = ({
  store,
  endpoint,
}: {
  readonly store: Store;
  readonly endpoint: Endpoint | null;
}): Handlers<typeof NotificationService> => ({
  listNotifications: async ({ limit }) => {
    const rows = await newestNotifications(store.db, Math.min(limit || LIST_DEFAULT, LIST_MAX));
    const total = Object.values(await countNotifications(store.db)).reduce((sum, many) => sum + many, 0);
    const receiver = endpoint?.shown ?? "";
    return create(ListNotificationsResponseSchema, { notifications: rows.map(toMessage), total, receiver });
  },
  sendTestNotification: async (_request, { signal }) => {
    const { shown: receiver, words: answer, tookMs, ...sent } = await sendTest(store, endpoint, signal);
    return create(SendTestNotificationResponseSchema, {
      ...{ ...sent, receiver, answer, tookMs: Math.round(tookMs) },
    });
  },
});
