// What `ozone machine pause` and `resume` do: the same, to several machines, one way or the other.
import { ConnectedCommand } from "../base-command.ts";
import {
  findSeveral,
  SEVERAL_ARGUMENTS,
  SEVERAL_FLAGS,
  selectionOf,
} from "../commands/machine/several-argument.ts";

/** Pauses machines, or has them go on. */
export abstract class PausingCommand extends ConnectedCommand {
  static override args = SEVERAL_ARGUMENTS;
  static override flags = SEVERAL_FLAGS;
  static override strict = false;

  protected abstract readonly paused: boolean;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(PausingCommand);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { pausedText } = await import("../render/text-machines.ts");
    const { pauseMachine, resumeMachine } = MachineService.method;
    const selection = selectionOf(argv.map(String), flags);
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id, name } of machines) {
        await client.call(this.paused ? pauseMachine : resumeMachine, { machineId: id });
        this.print(pausedText(name, this.paused));
      }
      return { machines: machines.map(({ id, name }) => ({ id, name, paused: this.paused })) };
    });
  }
}
