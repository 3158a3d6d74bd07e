// `ozone machine drain MACHINE...`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_ARGUMENTS, SEVERAL_FLAGS, selectionOf } from "./several-argument.ts";

export default class MachineDrain extends ConnectedCommand {
  static override summary = "Pause machines and wait until nothing of Ozone runs there: for maintenance.";
  static override description =
    "They end the trial in hand and take no further one; `ozone machine resume` has them go on. Ctrl-C ends the waiting, not the pause.";
  static override examples = [
    "<%= config.bin %> machine drain lab-1",
    "<%= config.bin %> machine drain --tag lab-a && echo now",
  ];
  static override args = SEVERAL_ARGUMENTS;
  static override flags = {
    ...SEVERAL_FLAGS,
    wait: Flags.boolean({ summary: "Wait until they are drained.", default: true, allowNo: true }),
  };
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachineDrain);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { waitUntilDrained } = await import("../../machines/drain-machines.ts");
    const { interruptible } = await import("../../interruption.ts");
    const selection = selectionOf(argv.map(String), flags);
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id } of machines) await client.call(MachineService.method.pauseMachine, { machineId: id });
      const ids = machines.map(({ id }) => id);
      const say = (line: string) => this.print(line);
      if (flags.wait) await interruptible((signal) => waitUntilDrained(client, { ids, say, signal }));
      else for (const { name } of machines) this.print(`${name} takes no further trial`);
      return { machines: machines.map(({ id, name }) => ({ id, name, paused: true, drained: flags.wait })) };
    });
  }
}
