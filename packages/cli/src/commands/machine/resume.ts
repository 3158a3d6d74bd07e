// `ozone machine resume MACHINE...`.
import { PausingCommand } from "../../machines/pausing-command.ts";

export default class MachineResume extends PausingCommand {
  static override summary = "Have paused machines take trials again.";
  static override description = "Machines that are not paused stay as they are.";
  static override examples = [
    "<%= config.bin %> machine resume lab-1 lab-2",
    "<%= config.bin %> machine resume --tag lab-a",
  ];
  protected readonly paused = false;
}
