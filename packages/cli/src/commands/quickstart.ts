// `ozone quickstart`.
import { Flags } from "@oclif/core";
import { OzoneCommand } from "../base-command.ts";

export default class Quickstart extends OzoneCommand {
  static override summary =
    "Measure this machine in a time box of 240 s and print three presets with their evidence.";
  static override description =
    "Starts what is not running, sweeps, prints presets, writes a report, stops what it started. Without an Ollama the built-in reference engine with a synthetic model is measured, and every output says so.";
  static override examples = [
    "<%= config.bin %> quickstart",
    "<%= config.bin %> quickstart --model qwen3:8b --keep",
  ];
  static override flags = {
    model: Flags.string({ summary: "Model to measure (default: the smallest that fits).", default: "" }),
    out: Flags.string({ summary: "Folder for the results.", default: "ozone_results", helpValue: "FOLDER" }),
    "allow-battery": Flags.boolean({ summary: "Measure on battery too, where the machine may be slower." }),
    keep: Flags.boolean({ summary: "Leave Ozone running afterwards." }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(Quickstart);
    const { interruptible } = await import("../interruption.ts");
    const { localDataFolder } = await import("../local/folder.ts");
    const { quickstartDocument, quickstartText } = await import("../render/text-quickstart.ts");
    const { runQuickstart } = await import("../quickstart/run-quickstart.ts");
    const { model, out, keep, "allow-battery": allowBattery } = flags;
    const progress = (line: string) => this.progress(line);
    const result = await interruptible((signal) =>
      runQuickstart({
        ...{ folder: localDataFolder(), env: process.env, model, out, keep, allowBattery },
        ...{ progress, signal },
      }),
    );
    this.print(quickstartText(result));
    return quickstartDocument(result, out);
  }
}
