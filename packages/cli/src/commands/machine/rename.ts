// `ozone machine rename MACHINE NAME`.
import { Args } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { findIdentity, MACHINE_ARGUMENT } from "./machine-argument.ts";

export default class MachineRename extends ConnectedCommand {
  static override summary = "Give a machine another name; its id stays.";
  static override description =
    "The name goes before the one that its agent says, until the machine is removed.";
  static override examples = ["<%= config.bin %> machine rename m-1f2e3d4c5b lab-1"];
  static override args = {
    ...MACHINE_ARGUMENT,
    name: Args.string({
      description: "Name (letters, digits, dot, dash, underscore, at most 63).",
      required: true,
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MachineRename);
    const { MachineService, RenameMachineResponseSchema } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { cleanText } = await import("../../render/clean-text.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { id } = await findIdentity(client, args.machine);
      const response = await client.call(MachineService.method.renameMachine, {
        machineId: id,
        name: args.name,
      });
      this.print(`${cleanText(id)} is called ${cleanText(response.name)}\n`);
      return messageJson(RenameMachineResponseSchema, response);
    });
  }
}
