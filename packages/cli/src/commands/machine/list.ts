// `ozone machine list`.
import { ConnectedCommand } from "../../base-command.ts";

export default class MachineList extends ConnectedCommand {
  static override summary = "List the machines with their hardware class, engine and models.";
  static override examples = ["<%= config.bin %> machine list"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(MachineList);
    const { ListMachinesResponseSchema, MachineService } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { machinesText } = await import("../../render/text-machines.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(MachineService.method.listMachines, {});
      this.print(machinesText(response.machines));
      return messageJson(ListMachinesResponseSchema, response);
    });
  }
}
