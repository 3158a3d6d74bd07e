// `ozone backup make`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class BackupMake extends OzoneCommand {
  static override summary = "Write everything that this machine's coordinator knows to one file.";
  static override description =
    "The coordinator may be at work meanwhile. The file holds the key of its CA: keep it as safe as that.";
  static override examples = ["<%= config.bin %> backup make /backups/2026-11-26.ozone-backup"];
  static override args = {
    file: Args.string({ description: "A file that does not exist yet.", required: true }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(BackupMake);
    const { runBackupCommand } = await import("../../local/backup-program.ts");
    const { backupText } = await import("../../render/text-backup.ts");
    const report = await runBackupCommand("make", args.file);
    this.print(backupText("Wrote", report));
    return report;
  }
}
