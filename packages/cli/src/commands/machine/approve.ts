// `ozone machine approve MACHINE...` and `ozone machine approve --waiting`.
import { Args, Flags } from "@oclif/core";
import type { Identity } from "@ozone/proto/identity_service";
import { OzoneError } from "@ozone/shared/errors";
import { ConnectedCommand } from "../../base-command.ts";
import type { CoordinatorClient } from "../../coordinator-client.ts";
import { findIdentity } from "./machine-argument.ts";

export default class MachineApprove extends ConnectedCommand {
  static override summary = "Let machines into the fleet that have enrolled, or were revoked.";
  static override description =
    "Compare the keys that are shown with those that `ozone-agent enroll` shows on the machines.";
  static override examples = [
    "<%= config.bin %> machine approve lab-1",
    "<%= config.bin %> machine approve --waiting",
  ];
  static override strict = false;
  static override args = {
    machine: Args.string({
      description: "Name or id of a machine (`ozone machine list`); several may follow.",
    }),
  };
  static override flags = {
    waiting: Flags.boolean({ summary: "All that wait for approval; shows them and asks." }),
    yes: Flags.boolean({ summary: "Do not ask." }),
  };

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(MachineApprove);
    const named = argv as string[];
    if (named.length > 0 === flags.waiting)
      throw new OzoneError("invalid_input", "Name the machines, or say --waiting (`ozone machine list`).");
    return this.withCoordinator(flags.address, async (client) => {
      const ids = flags.waiting ? await this.#waiting(client, flags.yes) : await idsOf(client, named);
      const documents = [];
      for (const machineId of ids) documents.push(await this.#approve(client, machineId));
      if (ids.length > 0) await this.#sayWhoLetsIn(client);
      return named.length === 1 ? documents[0] : { approved: documents };
    });
  }

  async #approve(client: CoordinatorClient, machineId: string): Promise<object> {
    const { ApproveMachineResponseSchema, IdentityService } = await import("@ozone/proto/identity_service");
    const { messageJson } = await import("../../message-json.ts");
    const { identityText } = await import("../../render/text-identities.ts");
    const response = await client.call(IdentityService.method.approveMachine, { machineId });
    if (response.identity) this.print(identityText(response.identity));
    return messageJson(ApproveMachineResponseSchema, response) as object;
  }

  /** A NATS that is not Ozone's has to be told. */
  async #sayWhoLetsIn(client: CoordinatorClient): Promise<void> {
    const { IdentityService } = await import("@ozone/proto/identity_service");
    const { enforced } = await client.call(IdentityService.method.listIdentities, {});
    if (!enforced)
      this.print(
        "The NATS server is not Ozone's: it lets in whom `ozone-coordinator bus-users` names, once it has read that file.\n",
      );
  }

  /** Ids of all that wait, once a person has agreed to them. */
  async #waiting(client: CoordinatorClient, yes: boolean): Promise<string[]> {
    const { IdentityService } = await import("@ozone/proto/identity_service");
    const { Admission } = await import("@ozone/proto/enrolment_service");
    const { identities } = await client.call(IdentityService.method.listIdentities, {});
    const waiting = identities.filter(({ admission }) => admission === Admission.PENDING);
    if (waiting.length === 0) this.progress("No machine waits for approval.");
    else if (!yes && !(await this.#agreed(waiting))) return [];
    return waiting.map(({ machineId }) => machineId);
  }

  async #agreed(waiting: readonly Identity[]): Promise<boolean> {
    const { identityText } = await import("../../render/text-identities.ts");
    const { personAgrees } = await import("../../applying/ask-person.ts");
    for (const identity of waiting) this.progress(identityText(identity).trimEnd());
    return personAgrees(`Let these ${waiting.length} in?`);
  }
}

async function idsOf(client: CoordinatorClient, named: readonly string[]): Promise<string[]> {
  const found = [];
  for (const typed of named) found.push((await findIdentity(client, typed)).id);
  return [...new Set(found)];
}
