// `ozone schedule list`.
import { ConnectedCommand } from "../../base-command.ts";

export default class ScheduleList extends ConnectedCommand {
  static override summary = "List recurring sweeps: when they come next, and what became of the last time.";
  static override examples = ["<%= config.bin %> schedule list"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ScheduleList);
    const { ListSchedulesResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    const { schedulesText } = await import("../../render/text-schedules.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.listSchedules, {});
      this.print(schedulesText(response.schedules));
      return messageJson(ListSchedulesResponseSchema, response);
    });
  }
}
