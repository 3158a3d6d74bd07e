// `ozone export`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../base-command.ts";

export default class Export extends OzoneCommand {
  static override summary = "Write everything that was measured and decided as JSON lines.";
  static override description =
    "One file per kind of thing, for other programs. It names machines, their keys and who did what: it is not made for publishing (`ozone report build` is), nor for restoring (`ozone backup make` is).";
  static override examples = ["<%= config.bin %> export ./everything"];
  static override args = {
    folder: Args.string({ description: "A folder that does not exist yet, or is empty.", required: true }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(Export);
    const { runExport } = await import("../local/backup-program.ts");
    const { exportText } = await import("../render/text-backup.ts");
    const report = await runExport(args.folder);
    this.print(exportText(report));
    return report;
  }
}
