// `ozone token list`.
import { ConnectedCommand } from "../../base-command.ts";

export default class TokenList extends ConnectedCommand {
  static override summary =
    "List the role tokens with their roles and states; the tokens themselves are not kept.";
  static override examples = ["<%= config.bin %> token list"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(TokenList);
    const { ListTokensResponseSchema, TokenService } = await import("@ozone/proto/token_service");
    const { messageJson } = await import("../../message-json.ts");
    const { tokensText } = await import("../../render/text-certificates.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(TokenService.method.listTokens, {});
      this.print(tokensText(response.tokens));
      return messageJson(ListTokensResponseSchema, response);
    });
  }
}
