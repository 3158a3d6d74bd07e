// `ozone machine hours MACHINE... --allow "Mon-Fri 19:00-07:00"`.
import { Flags } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_ARGUMENTS, SEVERAL_FLAGS, selectionOf } from "./several-argument.ts";

export default class MachineHours extends ConnectedCommand {
  static override summary = "Let machines run trials at these hours of the week, and at no other.";
  static override description =
    "A trial that has begun ends; sweeps wait. A span that ends no later than it begins passes midnight; without days it holds every day.";
  static override examples = [
    '<%= config.bin %> machine hours lab-1 --allow "Mon-Fri 19:00-07:00" --allow "Sat,Sun 00:00-24:00" --tz Europe/Berlin',
    "<%= config.bin %> machine hours --tag desks --always",
  ];
  static override args = SEVERAL_ARGUMENTS;
  static override flags = {
    ...SEVERAL_FLAGS,
    allow: Flags.string({
      summary: "Days and two times of day; may be repeated.",
      helpValue: '"Mon-Fri 19:00-07:00"',
      multiple: true,
      multipleNonGreedy: true,
    }),
    tz: Flags.string({
      summary: "Time zone of the hours, an IANA name (default: that of this machine).",
      helpValue: "Europe/Berlin",
    }),
    always: Flags.boolean({ summary: "Take the hours away: at any time." }),
  };
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachineHours);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { parseHours } = await import("@ozone/shared/machine-hours");
    const { hoursSetText } = await import("../../render/text-machines.ts");
    const { allow = [], tz, always } = flags;
    if (always === allow.length > 0 || (always && tz !== undefined))
      throw new OzoneError(
        "invalid_input",
        'Say when with --allow "Mon-Fri 19:00-07:00" (and --tz), or --always alone.',
      );
    const hours = always
      ? undefined
      : parseHours(allow, tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
    const asked = hours && { allow: [...hours.allow], timeZone: hours.timeZone };
    const selection = selectionOf(argv.map(String), flags);
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id, name } of machines) {
        const set = await client.call(MachineService.method.setMachineHours, {
          machineId: id,
          ...(asked ? { hours: asked } : {}),
        });
        this.print(hoursSetText(name, set.hours));
      }
      return { machines: machines.map(({ id, name }) => ({ id, name, hours: asked ?? null })) };
    });
  }
}
