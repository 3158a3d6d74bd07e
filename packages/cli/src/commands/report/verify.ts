// `ozone report verify FOLDER`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class ReportVerify extends OzoneCommand {
  static override summary =
    "Check a report's samples against the signatures of the machines that measured them.";
  static override description =
    "It needs the folder alone: no coordinator, no network. Whose the keys are it can't know; compare them with what their owners say.";
  static override examples = ["<%= config.bin %> report verify ozone_results"];
  static override args = {
    folder: Args.string({ description: "The folder of the report.", default: "ozone_results" }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(ReportVerify);
    const { verifyReport } = await import("../../report/verify-report.ts");
    const { verifiedText } = await import("../../render/text-verified.ts");
    const verified = await verifyReport(args.folder);
    this.print(verifiedText(verified));
    if (verified.problems.length > 0) process.exitCode = 1;
    return verified;
  }
}
