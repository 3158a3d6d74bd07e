// `ozone notification test`.
import { ConnectedCommand } from "../../base-command.ts";

export default class NotificationTest extends ConnectedCommand {
  static override summary = "Send the webhook a notification that tells nothing, and say what came back.";
  static override description =
    "Sent once, now, by the coordinator that answers. Exit codes: 0 the receiver took it, 1 it did not (or anything else went wrong), 2 usage.";
  static override examples = ["<%= config.bin %> notification test"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(NotificationTest);
    const { NotificationService, SendTestNotificationResponseSchema } = await import(
      "@ozone/proto/notification_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { testedText } = await import("../../render/text-notifications.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(NotificationService.method.sendTestNotification, {});
      this.print(testedText(response));
      if (!response.delivered) process.exitCode = 1;
      return messageJson(SendTestNotificationResponseSchema, response);
    });
  }
}
