// `ozone down`.
import { OzoneCommand } from "../base-command.ts";

export default class Down extends OzoneCommand {
  static override summary = "Stop what `ozone up` started on this machine. Nothing measured is lost.";
  static override examples = ["<%= config.bin %> down"];

  async run(): Promise<unknown> {
    await this.parse(Down);
    const { takeDown } = await import("../local/take-down.ts");
    const { localDataFolder } = await import("../local/folder.ts");
    const { stoppedText } = await import("../render/text-stack.ts");
    const folder = localDataFolder();
    const stopped = await takeDown({ folder, env: process.env, progress: (line) => this.progress(line) });
    this.print(stoppedText(stopped));
    return { stopped };
  }
}
