// `ozone audit list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

const ACTS_MAX = 10_000;

export default class AuditList extends ConnectedCommand {
  static override summary = "List who let machines in and barred them, newest first.";
  static override examples = ["<%= config.bin %> audit list --last 20"];
  static override flags = {
    last: Flags.integer({ summary: "How many acts.", default: 100, min: 1, max: ACTS_MAX }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(AuditList);
    const { IdentityService, ListActsResponseSchema } = await import("@ozone/proto/identity_service");
    const { messageJson } = await import("../../message-json.ts");
    const { actsText } = await import("../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(IdentityService.method.listActs, { limit: flags.last });
      this.print(actsText(response.acts));
      return messageJson(ListActsResponseSchema, response);
    });
  }
}
