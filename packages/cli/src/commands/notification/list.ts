// `ozone notification list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

const LIST_MAX = 1_000;

export default class NotificationList extends ConnectedCommand {
  static override summary = "List what the webhook was told, or is still to be told, newest first.";
  static override examples = ["<%= config.bin %> notification list"];
  static override flags = {
    last: Flags.integer({ summary: "How many.", default: 50, min: 1, max: LIST_MAX }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NotificationList);
    const { ListNotificationsResponseSchema, NotificationService } = await import(
      "@ozone/proto/notification_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { notificationsText } = await import("../../render/text-notifications.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const request = { limit: flags.last };
      const response = await client.call(NotificationService.method.listNotifications, request);
      this.print(notificationsText(response));
      return messageJson(ListNotificationsResponseSchema, response);
    });
  }
}
