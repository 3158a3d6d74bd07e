// `ozone schedule create NAME [FILE|NAME]`.
import { Args, Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_DESCRIPTION, SWEEP_FILE, SWEEP_FLAGS } from "../../sweep-request/sweep-flags.ts";

export default class ScheduleCreate extends ConnectedCommand {
  static override summary = "Have a sweep started again and again, by the clock.";
  static override description =
    `Each time the sweep is planned anew on the machines that are online then. A time that comes while the sweep of an earlier one still runs is skipped.\n\n${SWEEP_DESCRIPTION}`;
  static override examples = [
    '<%= config.bin %> schedule create nightly night.yaml --cron "0 2 * * *" --window 4h',
    '<%= config.bin %> schedule create weekly standard --cron "0 22 * * sat" --tz Europe/Berlin --tag lab',
  ];
  static override args = {
    schedule: Args.string({
      description: "Its name: letters, digits, dot, dash, underscore.",
      required: true,
    }),
    file: SWEEP_FILE,
  };
  static override flags = {
    ...SWEEP_FLAGS,
    cron: Flags.string({
      summary: "Minute, hour, day of the month, month, day of the week.",
      helpValue: '"0 2 * * 6"',
      required: true,
    }),
    tz: Flags.string({
      summary: "The time zone that --cron means, by its IANA name (default: this machine's).",
      helpValue: "Europe/Berlin",
    }),
    window: Flags.string({
      summary:
        "So long after its start no further trial begins; what was measured is kept (default: no end).",
      helpValue: "4h",
    }),
    late: Flags.string({
      summary: "How late a start may be that nobody could make in time.",
      helpValue: "1h",
      default: "1h",
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ScheduleCreate);
    const { CreateScheduleResponseSchema, ScheduleService } = await import("@ozone/proto/schedule_service");
    const { messageJson } = await import("../../message-json.ts");
    const { readSchedule } = await import("../../schedules/read-schedule.ts");
    const { scheduleText } = await import("../../render/text-schedules.ts");
    const { schedule: name, file } = args;
    const schedule = await readSchedule({ name, file, flags });
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(ScheduleService.method.createSchedule, { schedule });
      if (response.schedule) this.print(scheduleText(response.schedule));
      return messageJson(CreateScheduleResponseSchema, response);
    });
  }
}
