// Which of the machines' control messages are read, and how many at once: decided before anything of them is parsed, so that
// a machine that says a thousand things a second spends its own share and nobody else's. An agent that gets no answer asks
// again. Pure but for the clock that is passed in.

import { createAllowances } from "@ozone/shared/allowances";
import type { Admit } from "@ozone/shared/bus";

/** What machines say here. */
export type ControlKind = "announcement" | "heartbeat" | "applying";

/** Why one is not read. `too_often`: its machine's allowance is spent; `replaced`: a newer one took its place; `full`: too many wait. */
export type Refusal = "too_often" | "replaced" | "full";

/** A message that was not read. */
export interface Refused {
  readonly machineId: string;
  readonly kind: ControlKind;
  readonly why: Refusal;
}

/**
 * What a machine may say, far above what an honest one does. It has one heartbeat under way at a time: every 10 s, and at
 * each step of a trial. It asks about applying after heartbeats, and announces itself once a minute, when its models have
 * changed, and about every second while the bus knows no orders of it.
 *
 * At once: most of a message's time is Postgres', whose pool of eight connections must never be a queue of machines; half of an
 * announcement's is JetStream's.
 */
const RULES: Readonly<Record<ControlKind, { savedMax: number; perSecond: number; atOnce: number }>> = {
  announcement: { savedMax: 20, perSecond: 0.5, atOnce: 8 },
  heartbeat: { savedMax: 200, perSecond: 20, atOnce: 4 },
  applying: { savedMax: 50, perSecond: 5, atOnce: 2 },
};

/** Bytes of one kind that wait to be read: five thousand machines that announce themselves at once fit. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const WAITING_MAX = 10_000;

interface Waiting {
  readonly bytes: number;
  readonly read: () => Promise<void>;
}

/** Messages of one kind: `atOnce` in hand, of each machine one at most and one that waits, first come first served. */
class Lane {
  readonly #atOnce: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #inHand = new Set<string>();
  #waitingBytes = 0;

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** @returns what was not read for it; null: nothing */
  add(machineId: string, message: Waiting): Refusal | null {
    const older = this.#waiting.get(machineId);
    const bytes = this.#waitingBytes - (older?.bytes ?? 0) + message.bytes;
    if (bytes > WAITING_BYTES_MAX || (!older && this.#waiting.size >= WAITING_MAX)) return "full";
    // The newer one is the truer one, and waits where the older one did: who asks again does not lose its turn.
    this.#waiting.set(machineId, message);
    this.#waitingBytes = bytes;
    this.#goOn();
    return older ? "replaced" : null;
  }

  clear(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #goOn(): void {
    for (const [machineId, { bytes, read }] of this.#waiting) {
      if (this.#inHand.size >= this.#atOnce) return;
      if (this.#inHand.has(machineId)) continue;
      this.#waiting.delete(machineId);
      this.#waitingBytes -= bytes;
      this.#inHand.add(machineId);
      void read().finally(() => {
        this.#inHand.delete(machineId);
        this.#goOn();
      });
    }
  }
}

/** The door of control messages. */
export interface ControlGate {
  /** Of messages of one kind. What it is given to read must not reject. */
  admit(kind: ControlKind): Admit;
  /** What waits is not read any more. */
  close(): void;
}

/** Opens one. @param now monotonic, in milliseconds */
export function openControlGate(now: () => number, onRefused: (refused: Refused) => void): ControlGate {
  const lanes = new Map<ControlKind, Lane>();
  return {
    admit(kind) {
      const { savedMax, perSecond, atOnce } = RULES[kind];
      const allows = createAllowances({ savedMax, perSecond, now });
      const lane = new Lane(atOnce);
      lanes.set(kind, lane);
      return ({ machineId, bytes }, read) => {
        if (!allows(machineId)) return onRefused({ machineId, kind, why: "too_often" });
        const why = lane.add(machineId, { bytes, read });
        if (why !== null) onRefused({ machineId, kind, why });
      };
    },
    close: () => {
      for (const lane of lanes.values()) lane.clear();
    },
  };
}
