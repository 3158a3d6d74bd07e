// Keeps watch: whether somebody uses this machine, and since when. A trial starts only while nobody does, and ends when
// somebody comes back. It asks no coordinator, so that it holds while there is none.
import { messageOf } from "@ozone/shared/errors";
import type { WaitReason } from "@ozone/shared/wait-reason";
import { createPause } from "../pause.ts";
import { judgeUse, type Looked } from "./judge-use.ts";

/** Who looks, and who is told. */
export interface GuardPorts {
  readonly surroundings: {
    look(): Promise<Looked>;
    trialBegins(model: string | null): void;
    trialEnds(): void;
  };
  /** Told what each look gave, the first one included. */
  readonly onLook: (waits: WaitReason | null) => void;
  readonly log: (line: string) => void;
  /** Between two looks, in milliseconds. */
  readonly everyMs?: number;
}

/** A guard on watch. */
export interface IdleGuard {
  /** Why no trial may run now; null: nobody uses the machine. */
  readonly waits: WaitReason | null;
  /** What the server does from here on is ours. */
  trialBegins(model: string | null): void;
  /** What it does from here on is somebody's. */
  trialEnds(): void;
  stop(): Promise<void>;
}

/** Somebody who comes back is seen within this, twice for load. */
const EVERY_MS = 2_000;

/** Takes up watch; the first look has been made when it resolves. */
export async function startIdleGuard(ports: GuardPorts): Promise<IdleGuard> {
  const { surroundings, onLook, log, everyMs = EVERY_MS } = ports;
  const pause = createPause();
  let waits: WaitReason | null = null;
  let stopped = false;

  async function look(): Promise<void> {
    try {
      waits = judgeUse(waits, await surroundings.look(), Date.now());
    } catch (thrown) {
      log(`whether somebody uses this machine could not be seen: ${messageOf(thrown)}`);
    }
    if (!stopped) onLook(waits);
  }

  async function watch(): Promise<void> {
    while (!stopped) {
      await pause.wait(everyMs);
      if (!stopped) await look();
    }
  }

  await look();
  const watching = watch();
  return {
    get waits() {
      return waits;
    },
    trialBegins: (model) => surroundings.trialBegins(model),
    trialEnds: () => surroundings.trialEnds(),
    async stop() {
      stopped = true;
      pause.end();
      await watching;
    },
  };
}
