// `ozone sweep watch ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { SWEEP_ARGUMENT } from "./sweep-argument.ts";

export default class SweepWatch extends ConnectedCommand {
  static override summary = "Follow a sweep until it ends. Ctrl-C stops the following, not the sweep.";
  static override examples = ["<%= config.bin %> sweep watch s-0123456789"];
  static override args = SWEEP_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(SweepWatch);
    const { watchToTheEnd } = await import("../../watch/watch-to-the-end.ts");
    const { text, document } = await watchToTheEnd({ address: flags.address, sweepId: args.sweep });
    this.print(text);
    return document;
  }
}
