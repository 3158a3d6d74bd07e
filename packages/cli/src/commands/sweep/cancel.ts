// `ozone sweep cancel ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_ARGUMENT } from "./sweep-argument.ts";

export default class SweepCancel extends ConnectedCommand {
  static override summary = "Cancel a sweep. What was measured so far is kept; cancelling twice is no error.";
  static override examples = ["<%= config.bin %> sweep cancel s-0123456789"];
  static override args = SWEEP_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepCancel);
    const { CancelSweepResponseSchema, SweepService } = await import("@ozone/proto/sweep_service");
    const { messageJson } = await import("../../message-json.ts");
    const { sweepText } = await import("../../render/text-sweeps.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(SweepService.method.cancelSweep, { sweepId: args.sweep });
      if (response.sweep) this.print(sweepText(response.sweep, []));
      return messageJson(CancelSweepResponseSchema, response);
    });
  }
}
