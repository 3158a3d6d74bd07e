// What the commands about one machine share: how it is named, and how it is found.
import { Args } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";
import type { CoordinatorClient } from "../../coordinator-client.ts";

/** The machine, and with it any number of words. */
export const MACHINE_ARGUMENT = {
  machine: Args.string({
    description: "Name or id of the machine, as `ozone machine list` shows it.",
    required: true,
  }),
};

/** The first of the tags; the others follow it. */
export const TAG_ARGUMENTS = {
  ...MACHINE_ARGUMENT,
  tag: Args.string({
    // Short: a missing argument is named by the first word of each line of this.
    description: "Tag (up to 40 of a-z, 0-9, -, _, .); several may follow.",
    required: true,
  }),
};

/** The machine that is meant. @throws OzoneError not_found, or invalid_input where several match */
export async function findMachine(client: CoordinatorClient, typed: string) {
  const { MachineService } = await import("@ozone/proto/machine_service");
  const { selectMachine } = await import("../../machines/select-machine.ts");
  // An empty word would mean the only machine there is.
  if (typed.trim() === "") throw new OzoneError("invalid_input", "Name the machine (`ozone machine list`).");
  const { machines } = await client.call(MachineService.method.listMachines, {});
  return selectMachine(machines, typed, "give the id of one");
}

/** Id and name of a machine that enrolled or announced itself, and whether the bus knows machines by their keys. */
export async function findIdentity(client: CoordinatorClient, typed: string) {
  const { IdentityService } = await import("@ozone/proto/identity_service");
  const { MachineService } = await import("@ozone/proto/machine_service");
  const { selectIdentity } = await import("../../machines/select-identity.ts");
  const { identities, enforced } = await client.call(IdentityService.method.listIdentities, {});
  const { machines } = await client.call(MachineService.method.listMachines, {});
  return { ...selectIdentity(identities, machines, typed), enforced };
}

/** All that is known of a machine that enrolled or announced itself. @throws OzoneError not_found, invalid_input */
export async function findEither(client: CoordinatorClient, typed: string) {
  const { IdentityService } = await import("@ozone/proto/identity_service");
  const { MachineService } = await import("@ozone/proto/machine_service");
  const { selectIdentity } = await import("../../machines/select-identity.ts");
  const { isUnknownCall } = await import("../../grpc-errors.ts");
  const { machines } = await client.call(MachineService.method.listMachines, {});
  const { identities } = await client
    .call(IdentityService.method.listIdentities, {})
    .catch((thrown: unknown) => {
      if (isUnknownCall(thrown)) return { identities: [] }; // a coordinator of an older version
      throw thrown;
    });
  const { id } = selectIdentity(identities, machines, typed);
  return {
    machine: machines.find((machine) => machine.id === id) ?? null,
    identity: identities.find(({ machineId }) => machineId === id) ?? null,
  };
}
