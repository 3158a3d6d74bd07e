// `ozone backup restore`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class BackupRestore extends OzoneCommand {
  static override summary = "Bring a backup back, into an empty database.";
  static override description =
    "The coordinator has to be stopped. Nothing is overwritten: a database with machines or sweeps is refused, and files of the data folder that are there stay.";
  static override examples = ["<%= config.bin %> backup restore /backups/2026-11-26.ozone-backup"];
  static override args = { file: Args.string({ description: "The backup.", required: true }) };

  async run(): Promise<unknown> {
    const { args } = await this.parse(BackupRestore);
    const { runBackupCommand } = await import("../../local/backup-program.ts");
    const { restoredText } = await import("../../render/text-backup.ts");
    const report = await runBackupCommand("restore", args.file);
    this.print(restoredText(report));
    return report;
  }
}
