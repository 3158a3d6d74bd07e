// `ozone machine pause MACHINE...`.
import { PausingCommand } from "../../machines/pausing-command.ts";

export default class MachinePause extends PausingCommand {
  static override summary = "Have machines end the trial in hand and take no further one.";
  static override description =
    "Sweeps on them wait; `ozone machine resume` has them go on. It holds over restarts of machine and coordinator.";
  static override examples = [
    "<%= config.bin %> machine pause lab-1 lab-2",
    "<%= config.bin %> machine pause --tag lab-a",
  ];
  protected readonly paused = true;
}
