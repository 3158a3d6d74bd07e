// The desk of a running agent: orders are carried out on the machine's own server, alone on the host.
import { join } from "node:path";
import type { ApplyingOrder } from "@ozone/proto/applying";
import { askAboutApplying, type Bus } from "@ozone/shared/bus";
import { hardwareClass } from "@ozone/shared/hardware-class";
import type { Self } from "../control/announcing.ts";
import type { WorkState } from "../control/work-state.ts";
import { acquireHostLock } from "../machine/host-lock.ts";
import { cleanUpLeftovers } from "../measure/leave-no-trace.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { notesFolder } from "./application-notes.ts";
import { carryOut } from "./carry-out-order.ts";
import { launchMeasurer } from "./launch-measurer.ts";
import { type DeskPorts, OrderDesk } from "./order-desk.ts";

/** What the desk is opened with. */
export interface DeskFacts {
  readonly bus: Bus;
  readonly self: Self;
  readonly state: WorkState;
  /** The agent's data folder. */
  readonly dataDir: string;
  readonly stop: AbortSignal;
  readonly announce: () => Promise<void>;
  /** What the server does between these two is ours. */
  readonly onBusy: (busy: boolean) => void;
  readonly onDone: () => void;
  readonly log: (line: string) => void;
}

/** Opens it. */
export function openDesk(desk: DeskFacts): Promise<OrderDesk> {
  const { bus, self, state, dataDir, stop, onDone, log } = desk;
  return OrderDesk.open({
    machineId: self.machineId,
    folder: notesFolder(dataDir),
    ...{ stop, onDone, log },
    ask: (question) => askAboutApplying(bus, question),
    // A trial that waits for the host says so itself.
    onActivity: (words) => {
      if (state.current === null) state.say(words ?? "idle");
    },
    carryOut: (order, around) => alone(order, { ...desk, ...around }),
  });
}

type Around = Pick<DeskFacts, "self" | "dataDir" | "stop" | "announce" | "onBusy" | "log"> &
  Parameters<DeskPorts["carryOut"]>[1];

/** One benchmark per host, and one hand on the models: whoever holds the lock. */
async function alone(
  order: ApplyingOrder,
  { self, dataDir, stop, announce, onBusy, log, signal, say }: Around,
) {
  const { facts, machineId, engineUrl, engineDataDir } = self;
  const cacheDir = join(dataDir, "cache");
  const lock = await acquireHostLock({
    signal,
    onWait: () => say("waiting for the host: another benchmark is running"),
  });
  onBusy(true);
  try {
    for (const sentence of await cleanUpLeftovers(cacheDir)) log(sentence);
    const machine = { facts, machineId, engineUrl, engineDataDir, cacheDir };
    const outcome = await carryOut(order, {
      engine: new EngineClient(engineUrl),
      folder: notesFolder(dataDir),
      hardwareClass: hardwareClass(facts),
      ...{ signal, stop, say },
      measurer: ({ allowBattery, quietWaitMs }) =>
        launchMeasurer(machine, { allowBattery, quietWaitMs, signal, say }),
    });
    // What was applied is a model of the machine. Nobody measures meanwhile; a renewal makes up for a failure.
    await announce().catch(() => undefined);
    return outcome;
  } finally {
    onBusy(false);
    await lock.release();
  }
}
