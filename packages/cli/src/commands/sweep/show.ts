// `ozone sweep show ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_ARGUMENT } from "./sweep-argument.ts";

export default class SweepShow extends ConnectedCommand {
  static override summary = "Show one sweep with its trials and their figures.";
  static override examples = ["<%= config.bin %> sweep show s-0123456789"];
  static override args = SWEEP_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepShow);
    const { GetSweepResponseSchema, SweepService } = await import("@ozone/proto/sweep_service");
    const { messageJson } = await import("../../message-json.ts");
    const { sweepText } = await import("../../render/text-sweeps.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(SweepService.method.getSweep, { sweepId: args.sweep });
      if (response.sweep) this.print(sweepText(response.sweep, response.trials));
      return messageJson(GetSweepResponseSchema, response);
    });
  }
}
