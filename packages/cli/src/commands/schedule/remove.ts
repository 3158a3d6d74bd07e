// `ozone schedule remove NAME`.
import { ConnectedCommand } from "../../base-command.ts";
import { SCHEDULE_ARGUMENT } from "./schedule-argument.ts";

export default class ScheduleRemove extends ConnectedCommand {
  static override summary = "Forget a schedule; its sweeps and their results stay.";
  static override examples = ["<%= config.bin %> schedule remove nightly"];
  static override args = SCHEDULE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ScheduleRemove);
    const { RemoveScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.removeSchedule, { name: args.schedule });
      this.print(`Removed ${args.schedule}.`);
      return messageJson(RemoveScheduleResponseSchema, response);
    });
  }
}
