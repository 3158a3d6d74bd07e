// `ozone doctor`.
import { OzoneCommand } from "../base-command.ts";

export default class Doctor extends OzoneCommand {
  static override summary =
    "Look at everything that a coordinator on this machine needs, each with what to do; nothing is changed.";
  static override description =
    "Exit code 1 when something is missing. Run it as the coordinator's user, with its settings. A lab machine has `ozone-agent doctor`.";
  static override examples = ["<%= config.bin %> doctor"];

  async run(): Promise<unknown> {
    await this.parse(Doctor);
    const { runCoordinatorProgram } = await import("../local/run-coordinator-program.ts");
    const { exitCodeOf, findingsText } = await import("@ozone/shared/doctor/findings");
    type Found = { findings: Parameters<typeof exitCodeOf>[0] };
    const found = await runCoordinatorProgram<Found>(["doctor", "--json"], { mayEndWith: 1 });
    this.print(findingsText(found.findings));
    process.exitCode = exitCodeOf(found.findings);
    return found;
  }
}
