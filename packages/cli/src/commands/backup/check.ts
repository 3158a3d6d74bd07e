// `ozone backup check`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class BackupCheck extends OzoneCommand {
  static override summary = "Read a backup from front to end and say whether it is whole.";
  static override examples = ["<%= config.bin %> backup check /backups/2026-11-26.ozone-backup"];
  static override args = { file: Args.string({ description: "The backup.", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(BackupCheck);
    const { runBackupCommand } = await import("../../local/backup-program.ts");
    const { backupText } = await import("../../render/text-backup.ts");
    const report = await runBackupCommand("check", args.file);
    this.print(backupText("Whole:", report));
    return report;
  }
}
