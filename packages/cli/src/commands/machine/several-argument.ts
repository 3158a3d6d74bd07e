// What `ozone machine pause` and `resume` share: several machines at once, by name, tag, class or query.
import { Args, Flags } from "@oclif/core";
import type { CoordinatorClient } from "../../coordinator-client.ts";
import type { Selection } from "../../machines/select-several.ts";

export const SEVERAL_ARGUMENTS = {
  machine: Args.string({ description: "Name or id of the machine; several may follow." }),
};

export const SEVERAL_FLAGS = {
  tag: Flags.string({
    summary: "Every machine with this tag; may be repeated.",
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
  }),
  class: Flags.string({
    summary: "Every machine of this hardware class; may be repeated.",
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ",",
  }),
  where: Flags.string({ summary: "Every machine that surely matches a query, as for `ozone machine list`." }),
};

/** What was typed, as a selection. */
export const selectionOf = (
  named: readonly string[],
  flags: { tag?: string[] | undefined; class?: string[] | undefined; where?: string | undefined },
): Selection => ({ named, tags: flags.tag ?? [], classes: flags.class ?? [], where: flags.where });

/** The machines that are meant. @throws OzoneError */
export async function findSeveral(client: CoordinatorClient, selection: Selection) {
  const { IdentityService } = await import("@ozone/proto/identity_service");
  const { MachineService } = await import("@ozone/proto/machine_service");
  const { selectSeveral } = await import("../../machines/select-several.ts");
  const { identities } = await client.call(IdentityService.method.listIdentities, {});
  const { machines } = await client.call(MachineService.method.listMachines, {});
  return selectSeveral({ identities, machines }, selection);
}
