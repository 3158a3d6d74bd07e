// `ozone machine untag MACHINE TAG...`.
import { ConnectedCommand } from "../../base-command.ts";
import { findMachine, TAG_ARGUMENTS } from "./machine-argument.ts";

export default class MachineUntag extends ConnectedCommand {
  static override summary =
    "Take tags away from a machine; taking away one that it does not carry is no error.";
  static override examples = ["<%= config.bin %> machine untag lab-1 gpu"];
  static override args = TAG_ARGUMENTS;
  static override strict = false;

  async run(): Promise<unknown> {
    const { args, argv, flags } = await this.parse(MachineUntag);
    const { MachineService, UntagMachineResponseSchema } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { tagsText } = await import("../../render/text-machines.ts");
    const { requireTags } = await import("@ozone/shared/tags");
    const tags = argv.slice(1).map(String);
    requireTags(tags);
    return this.withCoordinator(flags.address, async (client) => {
      const { id } = await findMachine(client, args.machine);
      const response = await client.call(MachineService.method.untagMachine, { machineId: id, tags });
      if (response.machine) this.print(tagsText(response.machine));
      return messageJson(UntagMachineResponseSchema, response);
    });
  }
}
