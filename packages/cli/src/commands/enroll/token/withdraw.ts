// `ozone enroll token withdraw ID`.
import { Args } from "@oclif/core";
import { ConnectedCommand } from "../../../base-command.ts";

export default class EnrollTokenWithdraw extends ConnectedCommand {
  static override summary = "Close a token that nobody has used.";
  static override examples = ["<%= config.bin %> enroll token withdraw e-1f2e3d4c5b"];
  static override args = {
    id: Args.string({ description: "Id of the token (`ozone enroll token list`).", required: true }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(EnrollTokenWithdraw);
    const { IdentityService, WithdrawEnrolmentTokenResponseSchema } = await import(
      "@ozone/proto/identity_service"
    );
    const { messageJson } = await import("../../../message-json.ts");
    const { tokensText } = await import("../../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(IdentityService.method.withdrawEnrolmentToken, { id: args.id });
      this.print(tokensText(response.token ? [response.token] : []));
      return messageJson(WithdrawEnrolmentTokenResponseSchema, response);
    });
  }
}
