// `ozone machine budget MACHINE... --time 4h`.
import { Flags } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_ARGUMENTS, SEVERAL_FLAGS, selectionOf } from "./several-argument.ts";

/** Less would not be one trial. */
const BUDGET_MIN_MS = 60_000;
const BUDGET_MAX_MS = 86_400_000;

export default class MachineBudget extends ConnectedCommand {
  static override summary = "Let machines run trials for so long in any 24 hours, and no longer.";
  static override description =
    "Counted from the trials that ended in the last 24 hours. A trial that has begun ends; sweeps wait. `ozone machine show` says what is used.";
  static override examples = [
    "<%= config.bin %> machine budget lab-1 --time 4h",
    "<%= config.bin %> machine budget --tag desks --time none",
  ];
  static override args = SEVERAL_ARGUMENTS;
  static override flags = {
    ...SEVERAL_FLAGS,
    time: Flags.string({
      summary: "Such as 4h or 90m, from 1m to 24h; none: as long as there is something to do.",
      required: true,
    }),
  };
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachineBudget);
    const { MachineService } = await import("@ozone/proto/machine_service");
    const { parseDuration } = await import("@ozone/shared/duration");
    const { budgetSetText } = await import("../../render/text-machines.ts");
    const ms = flags.time === "none" ? 0 : parseDuration(flags.time);
    if (
      ms === null ||
      (ms > 0 && ms < BUDGET_MIN_MS) ||
      ms > BUDGET_MAX_MS ||
      (ms === 0 && flags.time !== "none")
    )
      throw new OzoneError(
        "invalid_input",
        `--time ${JSON.stringify(flags.time)} is neither none nor a time from 1m to 24h, such as 4h.`,
      );
    const selection = selectionOf(argv.map(String), flags);
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      for (const { id, name } of machines) {
        await client.call(MachineService.method.budgetMachine, { machineId: id, dailyBudgetMs: ms });
        this.print(budgetSetText(name, ms));
      }
      return { machines: machines.map(({ id, name }) => ({ id, name, dailyBudgetMs: ms })) };
    });
  }
}
