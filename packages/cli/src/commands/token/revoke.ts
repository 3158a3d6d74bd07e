// `ozone token revoke ID`.
import { Args } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class TokenRevoke extends ConnectedCommand {
  static override summary = "Revoke a role token: its next call is refused. Revoking twice is no error.";
  static override examples = ["<%= config.bin %> token revoke 0123456789"];
  static override args = {
    token: Args.string({ description: "Id of the token, as `ozone token list` shows it.", required: true }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(TokenRevoke);
    const { RevokeTokenResponseSchema, TokenService } = await import("@ozone/proto/token_service");
    const { messageJson } = await import("../../message-json.ts");
    const { tokensText } = await import("../../render/text-certificates.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(TokenService.method.revokeToken, { tokenId: args.token });
      if (response.token) this.print(tokensText([response.token]));
      return messageJson(RevokeTokenResponseSchema, response);
    });
  }
}
