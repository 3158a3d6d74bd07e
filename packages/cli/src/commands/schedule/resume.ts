// `ozone schedule resume NAME`.
import { ConnectedCommand } from "../../base-command.ts";
import { SCHEDULE_ARGUMENT } from "./schedule-argument.ts";

export default class ScheduleResume extends ConnectedCommand {
  static override summary =
    "Start sweeps by this schedule again; times that passed meanwhile are not made up for.";
  static override examples = ["<%= config.bin %> schedule resume nightly"];
  static override args = SCHEDULE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ScheduleResume);
    const { ResumeScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    const { scheduleText } = await import("../../render/text-schedules.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.resumeSchedule, { name: args.schedule });
      if (response.schedule) this.print(scheduleText(response.schedule));
      return messageJson(ResumeScheduleResponseSchema, response);
    });
  }
}
