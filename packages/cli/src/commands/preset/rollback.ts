// `ozone preset rollback [NAME]`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class PresetRollback extends OzoneCommand {
  static override summary =
    "Take an applied preset back: the model's name is what it was before, to the byte.";
  static override examples = [
    "<%= config.bin %> preset rollback",
    "<%= config.bin %> preset rollback qwen3:8b-ozone-balanced",
  ];
  static override args = {
    name: Args.string({
      description: "Name of the derived model; may be left out when only one preset is applied.",
    }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(PresetRollback);
    const { runAgent } = await import("../../applying/run-agent.ts");
    const { interruptible } = await import("../../interruption.ts");
    const { localDataFolder } = await import("../../local/folder.ts");
    const { rolledBackText } = await import("../../render/text-applying.ts");
    const words = ["rollback", ...(args.name === undefined ? [] : [args.name])];
    const folder = localDataFolder();
    const { document } = await interruptible((signal) =>
      runAgent({ words, folder, signal, progress: (line) => this.progress(line) }),
    );
    this.print(rolledBackText(document));
    return document;
  }
}
