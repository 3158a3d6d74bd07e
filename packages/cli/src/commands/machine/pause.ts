// `ozone machine pause MACHINE...`.
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_ARGUMENTS, SEVERAL_FLAGS } from "./several-argument.ts";

export default class MachinePause extends ConnectedCommand {
  static override summary = "Have machines end the trial in hand and take no further one.";
  static override description =
    "Sweeps on them wait; `ozone machine resume` has them go on. It holds over restarts of machine and coordinator.";
  static override examples = [
    "<%= config.bin %> machine pause lab-1 lab-2",
    "<%= config.bin %> machine pause --tag lab-a",
  ];
  static override args = SEVERAL_ARGUMENTS;
  static override flags = SEVERAL_FLAGS;
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachinePause);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { pausedText } = await import("../../render/text-machines.ts");
    const selection = { named: argv.map(String), tags: flags.tag ?? [], classes: flags.class ?? [] };
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id, name } of machines) {
        await client.call(MachineService.method.pauseMachine, { machineId: id });
        this.print(pausedText(name, true));
      }
      return { machines: machines.map(({ id, name }) => ({ id, name, paused: true })) };
    });
  }
}
