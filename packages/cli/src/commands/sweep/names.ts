// `ozone sweep names [NAME]`.
import { Args } from "@oclif/core";
import { OzoneCommand } from "../../base-command.ts";

export default class SweepNames extends OzoneCommand {
  static override summary = "List the named sweeps, or print one as the sweep file that it stands for.";
  static override examples = [
    "<%= config.bin %> sweep names",
    "<%= config.bin %> sweep names seed-144 > mine.yaml",
  ];
  static override args = {
    name: Args.string({ description: "Name of the sweep to print." }),
  };

  async run(): Promise<unknown> {
    const { args } = await this.parse(SweepNames);
    const { NAMED_SWEEPS, NAMED_SWEEP_NAMES, namedSweep } = await import("@ozone/shared/named-sweeps");
    const { namedSweepsText, namedSweepYaml } = await import("../../render/named-sweeps.ts");
    if (args.name === undefined) {
      this.print(namedSweepsText(NAMED_SWEEPS));
      return { sweeps: NAMED_SWEEPS };
    }
    const sweep = namedSweep(args.name);
    if (sweep === null) {
      const { OzoneError } = await import("@ozone/shared/errors");
      const { cleanText } = await import("../../render/clean-text.ts");
      throw new OzoneError(
        "invalid_input",
        `There is no named sweep ${JSON.stringify(cleanText(args.name, 64))}; use ${NAMED_SWEEP_NAMES}.`,
      );
    }
    this.print(namedSweepYaml(sweep));
    return sweep;
  }
}
