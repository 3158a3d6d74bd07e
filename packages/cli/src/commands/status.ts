// `ozone status`.
import { ConnectedCommand } from "../base-command.ts";

export default class Status extends ConnectedCommand {
  static override summary =
    "Show whether the coordinator runs, with its database, bus, machines, sweeps and presets.";
  static override examples = ["<%= config.bin %> status"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Status);
    const { GetStatusResponseSchema, MachineService } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../message-json.ts");
    const { statusText } = await import("../render/text-machines.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const status = await client.call(MachineService.method.getStatus, {});
      this.print(statusText(status, client.address));
      return { address: client.address, status: messageJson(GetStatusResponseSchema, status) };
    });
  }
}
