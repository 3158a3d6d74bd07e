// `ozone model advise`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class ModelAdvise extends ConnectedCommand {
  static override summary =
    "Compare the models that a machine has by speed and room: measured, predicted or unknown.";
  static override description =
    "It says nothing about the quality of answers, which Ozone does not measure for this. A prediction scales the decode rate of a measured model by the bytes that each token reads, and says how far off it may be.";
  static override examples = ["<%= config.bin %> model advise --purpose balanced"];
  static override flags = {
    purpose: Flags.option({
      summary: "What the model is for.",
      options: ["fast_response", "balanced", "max_context"] as const,
      default: "balanced",
    })(),
    machine: Flags.string({
      summary: "Id or name of the machine; may be left out where there is one.",
      default: "",
      helpValue: "MACHINE",
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ModelAdvise);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { PresetService } = await import("@ozone/proto/preset_service");
    const { adviseModels } = await import("@ozone/shared/model-advice");
    const { selectMachine } = await import("../../machines/select-machine.ts");
    const { adviceDocument, adviceText } = await import("../../render/text-advice.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { machines } = await client.call(MachineService.method.listMachines, {});
      const machine = selectMachine(machines, flags.machine);
      const filter = { hardwareClass: machine.hardwareClass, purpose: flags.purpose };
      const { presets } = await client.call(PresetService.method.listPresets, filter);
      const models = adviseModels(machine, presets, flags.purpose);
      this.print(adviceText(machine, flags.purpose, models));
      return adviceDocument(machine, flags.purpose, models);
    });
  }
}
