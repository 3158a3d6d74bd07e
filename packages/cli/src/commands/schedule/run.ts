// `ozone schedule run NAME`.
import { ConnectedCommand } from "../../base-command.ts";
import { SCHEDULE_ARGUMENT } from "./schedule-argument.ts";

export default class ScheduleRun extends ConnectedCommand {
  static override summary = "Start a schedule's sweep now, whatever the clock says.";
  static override examples = ["<%= config.bin %> schedule run nightly"];
  static override args = SCHEDULE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ScheduleRun);
    const { RunScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.runSchedule, { name: args.schedule });
      this.print(`Started ${response.sweepId}; \`ozone sweep watch ${response.sweepId}\` follows it.`);
      return messageJson(RunScheduleResponseSchema, response);
    });
  }
}
