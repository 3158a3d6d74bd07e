// Whose messages a person means: also those of a machine that has been removed, or never was one.
import type { CoordinatorClient } from "../coordinator-client.ts";

/** The id of the machine of this name; what names none is taken for an id. Empty stays empty. */
export async function senderId(client: CoordinatorClient, typed: string): Promise<string> {
  if (typed === "") return "";
  const { MachineService } = await import("@ozone/proto/machine_service");
  const { selectMachine } = await import("./select-machine.ts");
  const { machines } = await client.call(MachineService.method.listMachines, {});
  const isKnown = machines.some(({ id, name }) => id === typed || name === typed);
  return isKnown ? selectMachine(machines, typed, "give the id of one").id : typed;
}
