// `ozone machine show MACHINE`.
import { ConnectedCommand } from "../../base-command.ts";
import { findEither, MACHINE_ARGUMENT } from "./machine-argument.ts";

export default class MachineShow extends ConnectedCommand {
  static override summary = "Show one machine: what it is, its tags, engine and models, and what to look at.";
  static override examples = ["<%= config.bin %> machine show lab-1"];
  static override args = MACHINE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MachineShow);
    const { MachineSchema } = await import("@ozone/proto/machine");
    const { messageJson } = await import("../../message-json.ts");
    const { IdentitySchema } = await import("@ozone/proto/identity_service");
    const { identityText } = await import("../../render/text-identities.ts");
    const { machineText } = await import("../../render/text-machines.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { machine, identity } = await findEither(client, args.machine);
      if (machine) this.print(machineText(machine));
      else if (identity) this.print(`${identityText(identity)}It has not announced itself yet.\n`);
      return {
        machine: machine ? messageJson(MachineSchema, machine) : null,
        identity: identity ? messageJson(IdentitySchema, identity) : null,
      };
    });
  }
}
