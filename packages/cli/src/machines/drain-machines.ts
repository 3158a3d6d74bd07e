// Has machines take nothing more, and waits until nothing of Ozone runs there.
import type { Machine } from "@ozone/proto/machine";
import { MachineService } from "@ozone/proto/machine_service";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { cleanText } from "../render/clean-text.ts";
import { throughRestarts } from "../watch/through-restarts.ts";

/** How far a machine is that was told to take nothing more. */
export interface Draining {
  readonly drained: boolean;
  /** One line for people, without the machine's name. */
  readonly words: string;
}

/** What an agent says once it has heard that it is paused and has nothing in hand. */
const HEARD = "paused";

/** Pure; an agent that is away runs nothing that anybody waits for, unless its lease has not ended yet. */
export function drainingOf({ status, trialId, activity, waits }: Machine): Draining {
  if (status !== "online") {
    return trialId === ""
      ? { drained: true, words: "is drained: it is offline, and has nothing in hand" }
      : { drained: false, words: "is offline; its trial is given to others in a moment" };
  }
  if (trialId !== "" && waits.length > 0)
    return { drained: false, words: "is in use; its trial goes back in a moment" };
  if (trialId !== "")
    return { drained: false, words: `ends the trial in hand: ${cleanText(activity) || "starting"}` };
  if (activity === HEARD) return { drained: true, words: "is drained: nothing of Ozone runs there" };
  return {
    drained: false,
    words: "has nothing in hand; waiting until it has heard",
  };
}

/** The machines to wait for, and who is told what is new. */
export interface DrainWaiting {
  readonly ids: readonly string[];
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until all are drained, also through restarts of the coordinator.
 * @throws Interrupted when the signal aborts: the machines stay paused
 */
export async function waitUntilDrained(
  client: CoordinatorClient,
  { ids, say, signal }: DrainWaiting,
): Promise<void> {
  const told = new Map<string, string>();
  await throughRestarts({
    what: "the pause",
    signal,
    note: say,
    watchOnce: async (onMessage) => {
      const { machines } = await client.call(MachineService.method.listMachines, {}, { signal });
      onMessage();
      // One that never announced itself has nothing in hand.
      const asked = machines.filter(({ id }) => ids.includes(id));
      for (const machine of asked) {
        const line = `${cleanText(machine.name)} ${drainingOf(machine).words}`;
        if (told.get(machine.id) !== line) say(line);
        told.set(machine.id, line);
      }
      return asked.every((machine) => drainingOf(machine).drained) ? true : null;
    },
  });
}
