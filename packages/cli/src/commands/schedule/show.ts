// `ozone schedule show NAME`.
import { ConnectedCommand } from "../../base-command.ts";
import { SCHEDULE_ARGUMENT } from "./schedule-argument.ts";

export default class ScheduleShow extends ConnectedCommand {
  static override summary = "Show one schedule: when, what, and what became of its latest times.";
  static override examples = ["<%= config.bin %> schedule show nightly"];
  static override args = SCHEDULE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ScheduleShow);
    const { GetScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    const { scheduleText } = await import("../../render/text-schedules.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.getSchedule, { name: args.schedule });
      if (response.schedule) this.print(scheduleText(response.schedule));
      return messageJson(GetScheduleResponseSchema, response);
    });
  }
}
