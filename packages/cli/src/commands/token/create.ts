// `ozone token create`.
import { Flags } from "@oclif/core";
import { ROLES } from "@ozone/shared/roles";
import { ConnectedCommand } from "../../base-command.ts";

export default class TokenCreate extends ConnectedCommand {
  static override summary = "Make a role token for callers from other machines; it is shown this once.";
  static override description =
    "A viewer reads; an operator runs sweeps and roll-outs too; an admin makes and revokes tokens and decides about machines. The token alone goes to stdout, everything else to stderr.";
  static override examples = [
    "<%= config.bin %> token create --role viewer --name dashboard --expires 90d --out viewer.token",
    "<%= config.bin %> token create --role admin",
  ];
  static override flags = {
    role: Flags.string({ summary: "What it may do.", options: [...ROLES], required: true }),
    name: Flags.string({ summary: "Who or what uses it, for `token list`.", default: "" }),
    expires: Flags.string({ summary: "How long it holds, such as 90d; without it, until it is revoked." }),
    out: Flags.string({ summary: "Write it to this new file, readable by you only.", helpValue: "FILE" }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(TokenCreate);
    const { CreateTokenResponseSchema, TokenService } = await import("@ozone/proto/token_service");
    const { expiresInMs, writeTokenFile } = await import("../../local/token-file.ts");
    const { messageJson } = await import("../../message-json.ts");
    const { role, name, out } = flags;
    const request = { role, name, expiresInMs: expiresInMs(flags.expires) };
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(TokenService.method.createToken, request);
      this.progress(`role token ${response.token?.id} (${role}); it can't be shown again`);
      if (out === undefined) {
        this.print(response.secret);
        return messageJson(CreateTokenResponseSchema, response);
      }
      await writeTokenFile(out, response.secret);
      this.print(`Wrote ${out}.`);
      return { ...Object(messageJson(CreateTokenResponseSchema, response)), secret: undefined, file: out };
    });
  }
}
