// `ozone sweep drain ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_ARGUMENT } from "./sweep-argument.ts";

export default class SweepDrain extends ConnectedCommand {
  static override summary = "Begin no further trial of a sweep; what runs ends, and the sweep with it.";
  static override description =
    "What was measured is kept, and presets rest on it. `ozone sweep watch` follows it to its end; `ozone sweep cancel` ends it at once.";
  static override examples = ["<%= config.bin %> sweep drain s-0123456789"];
  static override args = SWEEP_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepDrain);
    const { DrainSweepResponseSchema, SweepService } = await import("@ozone/proto/sweep_service");
    const { messageJson } = await import("../../message-json.ts");
    const { sweepText } = await import("../../render/text-sweeps.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(SweepService.method.drainSweep, { sweepId: args.sweep });
      if (response.sweep) this.print(sweepText(response.sweep, []));
      return messageJson(DrainSweepResponseSchema, response);
    });
  }
}
