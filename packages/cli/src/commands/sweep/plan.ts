// `ozone sweep plan [FILE|NAME]`.
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_DESCRIPTION, SWEEP_FILE, SWEEP_FLAGS } from "../../sweep-request/sweep-flags.ts";

export default class SweepPlan extends ConnectedCommand {
  static override summary =
    "Say what a sweep would measure, how long it would take and whether it fits, without starting it.";
  static override description = SWEEP_DESCRIPTION;
  static override examples = [
    "<%= config.bin %> sweep plan standard --model qwen3:8b",
    "<%= config.bin %> sweep plan night.yaml --json",
    "<%= config.bin %> sweep plan --num-ctx 4096,8192 --num-batch 256,512 --repetitions 3",
  ];
  static override args = { file: SWEEP_FILE };
  static override flags = { ...SWEEP_FLAGS };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepPlan);
    const { PlanSweepResponseSchema, SweepService } = await import("@ozone/proto/sweep_service");
    const { messageJson } = await import("../../message-json.ts");
    const { forecastText } = await import("../../render/text-forecast.ts");
    const { readSweepRequest } = await import("../../sweep-request/read-request.ts");
    const { requireUnderstood } = await import("../../sweep-request/require-understood.ts");
    const elsewhere = Boolean(flags.address ?? process.env.OZONE_GRPC_ADDRESS);
    const request = await readSweepRequest({ file: args.file, flags, elsewhere });
    return this.withCoordinator(flags.address, async (client) => {
      await requireUnderstood(client, request);
      const response = await client.call(SweepService.method.planSweep, { request });
      this.print(forecastText(response));
      return messageJson(PlanSweepResponseSchema, response);
    });
  }
}
