// The machines that `--where` means: what the coordinator keeps of a machine, as a query may ask for it.
import type { Machine } from "@ozone/proto/machine";
import { type MachineFacts, parseMachineFacts, UNKNOWN } from "@ozone/shared/machine-facts";
import { matchesQuery, parseMachineQuery, type QueriedMachine } from "@ozone/shared/machine-query";

/**
 * The machines that surely match; all of them without a query.
 * @throws OzoneError invalid_input about a query that can't be read
 */
export function machinesWhere(machines: readonly Machine[], where: string | undefined): Machine[] {
  if (where === undefined) return [...machines];
  const query = parseMachineQuery(where);
  return machines.filter((machine) => matchesQuery(query, queried(machine)));
}

function queried(machine: Machine): QueriedMachine {
  const facts = factsOf(machine);
  return {
    name: machine.name,
    class: known(machine.hardwareClass),
    os: known(facts?.os.family),
    arch: known(facts?.os.arch),
    gpu: facts?.gpus?.length ?? null,
    ram: facts?.memory.totalBytes ?? null,
    cores: facts?.cpu.physicalCores ?? null,
    tags: machine.tags,
  };
}

/** Facts that can't be read are unknown facts: the list is still of use. */
function factsOf({ factsJson }: Machine): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(factsJson));
  } catch {
    return null;
  }
}

const known = (text: string | undefined): string | null =>
  text === undefined || text === "" || text === UNKNOWN ? null : text;
