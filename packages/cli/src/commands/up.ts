// `ozone up`.
import { Flags } from "@oclif/core";
import { OzoneCommand } from "../base-command.ts";

export default class Up extends OzoneCommand {
  static override summary =
    "Start Ozone on this machine: coordinator, engine, agent. What runs already is reused.";
  static override examples = [
    "<%= config.bin %> up",
    { description: "With an Ollama on another host", command: "OLLAMA_HOST=box:11434 <%= config.bin %> up" },
    {
      description: "With presets chosen by your own objectives",
      command: "<%= config.bin %> up --objectives mine.yaml",
    },
  ];
  static override flags = {
    "coordinator-only": Flags.boolean({
      summary: "No engine and no agent: other machines are measured, not this one.",
    }),
    objectives: Flags.string({
      summary:
        "A YAML or JSON file of your own objectives (docs/presets.md); OZONE_OBJECTIVES names one too.",
      helpValue: "FILE",
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Up);
    const { bringUp, bringUpCoordinator } = await import("../local/bring-up.ts");
    const { interruptible } = await import("../interruption.ts");
    const { localDataFolder } = await import("../local/folder.ts");
    const { coordinatorDocument, coordinatorText, stackDocument, stackText } = await import(
      "../render/text-stack.ts"
    );
    const folder = localDataFolder();
    const optionsFor = (signal: AbortSignal) => ({
      ...{ folder, env: process.env, signal, objectives: flags.objectives },
      progress: (line: string) => this.progress(line),
    });
    if (flags["coordinator-only"]) {
      const coordinator = await interruptible((signal) => bringUpCoordinator(optionsFor(signal)));
      this.print(coordinatorText(coordinator, folder));
      return { coordinator: coordinatorDocument(coordinator), dataFolder: folder };
    }
    const stack = await interruptible((signal) => bringUp(optionsFor(signal)));
    this.print(stackText(stack, folder));
    return stackDocument(stack, folder);
  }
}
