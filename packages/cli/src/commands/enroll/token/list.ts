// `ozone enroll token list`.
import { ConnectedCommand } from "../../../base-command.ts";

export default class EnrollTokenList extends ConnectedCommand {
  static override summary = "List the newest tokens and what became of them; the secrets are not kept.";
  static override examples = ["<%= config.bin %> enroll token list"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(EnrollTokenList);
    const { IdentityService, ListEnrolmentTokensResponseSchema } = await import(
      "@ozone/proto/identity_service"
    );
    const { messageJson } = await import("../../../message-json.ts");
    const { tokensText } = await import("../../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(IdentityService.method.listEnrolmentTokens, {});
      this.print(tokensText(response.tokens));
      return messageJson(ListEnrolmentTokensResponseSchema, response);
    });
  }
}
