// `ozone machine tag MACHINE TAG...`.
import { ConnectedCommand } from "../../base-command.ts";
import { findMachine, TAG_ARGUMENTS } from "./machine-argument.ts";

export default class MachineTag extends ConnectedCommand {
  static override summary = "Give a machine tags, by which sweeps and roll-outs may mean it.";
  static override description =
    "Adds to the tags that it carries; adding one twice is no error. Tags stay in Ozone's own database: no report has them.";
  static override examples = [
    "<%= config.bin %> machine tag lab-1 lab-a gpu",
    "<%= config.bin %> machine tag m-1f2e3d4c5b canary",
  ];
  static override args = TAG_ARGUMENTS;
  static override strict = false;

  async run(): Promise<unknown> {
    const { args, argv, flags } = await this.parse(MachineTag);
    const { MachineService, TagMachineResponseSchema } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { tagsText } = await import("../../render/text-machines.ts");
    const { requireTags } = await import("@ozone/shared/tags");
    const tags = argv.slice(1).map(String);
    requireTags(tags);
    return this.withCoordinator(flags.address, async (client) => {
      const { id } = await findMachine(client, args.machine);
      const response = await client.call(MachineService.method.tagMachine, { machineId: id, tags });
      if (response.machine) this.print(tagsText(response.machine));
      return messageJson(TagMachineResponseSchema, response);
    });
  }
}
