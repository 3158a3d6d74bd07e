// `ozone model pulls`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class ModelPulls extends ConnectedCommand {
  static override summary = "List the pulls of models, newest first, or cancel one.";
  static override description =
    "What a cancelled pull had loaded stays with the server, which goes on from there another time.";
  static override examples = [
    "<%= config.bin %> model pulls",
    "<%= config.bin %> model pulls --cancel p-0123456789",
  ];
  static override flags = {
    cancel: Flags.string({ summary: "Id of a pull that is not wanted any more.", helpValue: "PULL" }),
    limit: Flags.integer({ summary: "At most so many.", default: 50, min: 1, max: 1_000 }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ModelPulls);
    const { CancelPullResponseSchema, ListPullsResponseSchema, PullService } = await import(
      "@ozone/proto/pull_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { pullLine, pullsText } = await import("../../render/text-pulls.ts");
    return this.withCoordinator(flags.address, async (client) => {
      if (flags.cancel !== undefined) {
        const response = await client.call(PullService.method.cancelPull, { pullId: flags.cancel });
        if (response.pull) this.print(pullLine(response.pull));
        return messageJson(CancelPullResponseSchema, response);
      }
      const response = await client.call(PullService.method.listPulls, { limit: flags.limit });
      this.print(pullsText(response.pulls));
      return messageJson(ListPullsResponseSchema, response);
    });
  }
}
