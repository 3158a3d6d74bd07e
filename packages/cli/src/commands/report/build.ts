// `ozone report build`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class ReportBuild extends ConnectedCommand {
  static override summary =
    "Write presets, summaries, raw samples, machines and a report (Markdown, HTML) into a folder.";
  static override examples = ["<%= config.bin %> report build --out ozone_results"];
  static override flags = {
    out: Flags.string({ summary: "Folder to write into.", default: "ozone_results", helpValue: "FOLDER" }),
    sweep: Flags.string({
      summary: "Only the results of this sweep (default: everything).",
      default: "",
      helpValue: "ID",
    }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ReportBuild);
    const { buildReport } = await import("../../report/build-report.ts");
    const { filesText } = await import("../../render/text-files.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { written, provenance } = await buildReport(client, { out: flags.out, sweepId: flags.sweep });
      this.print(filesText(written, provenance));
      return { out: flags.out, files: written };
    });
  }
}
