// `ozone enroll token create`.
import { Flags } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";
import { ConnectedCommand } from "../../../base-command.ts";

export default class EnrollTokenCreate extends ConnectedCommand {
  static override summary = "Make a token with which one machine may enrol, once; or several of them.";
  static override description =
    "The token is shown now and never again, and with it the command to paste on the machine. It reads the token from stdin, a file or OZONE_ENROLL_TOKEN, never from the words that are typed.";
  static override examples = [
    "<%= config.bin %> enroll token create",
    "<%= config.bin %> enroll token create --expires 8h --approved",
    "<%= config.bin %> enroll token create --count 20 --expires 8h > tokens.txt",
    "<%= config.bin %> enroll token create --machine m-1f2e3d4c5b",
  ];
  static override flags = {
    count: Flags.integer({
      summary: "How many, one a line.",
      default: 1,
      min: 1,
      max: 1000,
      exclusive: ["machine"],
    }),
    expires: Flags.string({ summary: "How long it is good: 30m, 8h.", default: "1h", helpValue: "TIME" }),
    approved: Flags.boolean({ summary: "Let the machine in without a further word." }),
    machine: Flags.string({
      summary: "Id of a machine that is known already and is to get a new key.",
      helpValue: "ID",
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(EnrollTokenCreate);
    const { CreateEnrolmentTokenResponseSchema, IdentityService } = await import(
      "@ozone/proto/identity_service"
    );
    const { parseDuration } = await import("@ozone/shared/duration");
    const { messageJson } = await import("../../../message-json.ts");
    const { tokensText, wayIn, wayInText } = await import("../../../render/text-identities.ts");
    const valid = parseDuration(flags.expires);
    if (valid === null)
      throw new OzoneError("invalid_input", `--expires ${flags.expires} is no time; write 30m or 8h.`);
    const asked = {
      validMs: BigInt(Math.round(valid)),
      approved: flags.approved,
      machineId: flags.machine ?? "",
    };
    return this.withCoordinator(flags.address, async (client) => {
      const made = [];
      for (let number = 0; number < flags.count; number += 1) {
        const response = await client.call(IdentityService.method.createEnrolmentToken, asked);
        // At once: a token whose secret nobody has seen could only be withdrawn.
        this.print(response.secret);
        made.push(response);
      }
      const [first] = made;
      if (!first) return {};
      const { command, ...place } = wayIn(client.address, first);
      this.progress(tokensText(made.flatMap(({ token }) => token ?? [])).trimEnd());
      this.progress(wayInText({ command, ...place }));
      const [document, ...others] = made.map(
        (response) => messageJson(CreateEnrolmentTokenResponseSchema, response) as object,
      );
      return { ...document, command, ...(others.length > 0 ? { tokens: [document, ...others] } : {}) };
    });
  }
}
