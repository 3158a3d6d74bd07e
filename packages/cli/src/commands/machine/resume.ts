// `ozone machine resume MACHINE...`.
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_ARGUMENTS, SEVERAL_FLAGS } from "./several-argument.ts";

export default class MachineResume extends ConnectedCommand {
  static override summary = "Have paused machines take trials again.";
  static override description = "Machines that are not paused stay as they are.";
  static override examples = [
    "<%= config.bin %> machine resume lab-1 lab-2",
    "<%= config.bin %> machine resume --tag lab-a",
  ];
  static override args = SEVERAL_ARGUMENTS;
  static override flags = SEVERAL_FLAGS;
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachineResume);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { pausedText } = await import("../../render/text-machines.ts");
    const selection = { named: argv.map(String), tags: flags.tag ?? [], classes: flags.class ?? [] };
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id, name } of machines) {
        await client.call(MachineService.method.resumeMachine, { machineId: id });
        this.print(pausedText(name, false));
      }
      return { machines: machines.map(({ id, name }) => ({ id, name, paused: false })) };
    });
  }
}
