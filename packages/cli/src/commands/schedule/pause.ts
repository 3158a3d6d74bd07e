// `ozone schedule pause NAME`.
import { ConnectedCommand } from "../../base-command.ts";
import { SCHEDULE_ARGUMENT } from "./schedule-argument.ts";

export default class SchedulePause extends ConnectedCommand {
  static override summary = "Start nothing by this schedule until it is resumed; what runs goes on.";
  static override examples = ["<%= config.bin %> schedule pause nightly"];
  static override args = SCHEDULE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SchedulePause);
    const { PauseScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    const { scheduleText } = await import("../../render/text-schedules.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.pauseSchedule, { name: args.schedule });
      if (response.schedule) this.print(scheduleText(response.schedule));
      return messageJson(PauseScheduleResponseSchema, response);
    });
  }
}
