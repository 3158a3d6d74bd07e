// Sees to it that a machine which announces itself finds its orders: streams and its consumer are there. An announcement is
// also how an agent says that it does not find them, so that what the bus lost is made again.
import { type Bus, ensureStreams, ensureWorkConsumer } from "@ozone/shared/bus";

/**
 * A machine that has what it needs announces itself once a minute. One that does so again so soon may miss something: an
 * agent that finds no consumer says so every second or two.
 */
const SOON_MS = 30_000;
/** More machines than one coordinator has; on a bus with one password anybody may make names up. */
const MACHINES_MAX = 10_000;

export interface PipesOfMachines {
  /** @returns whether this process sees it for the first time. @throws when JetStream is away */
  machineAnnounced(machineId: string): Promise<boolean>;
}

/** @param now monotonic, in milliseconds */
export function pipesOfMachines(bus: Bus, leaseMs: number, now: () => number): PipesOfMachines {
  /** When each announced itself last, of those whose pipes were seen to. */
  const announcedAtMs = new Map<string, number>();
  let streams: Promise<void> | null = null;
  /** After a loss all machines ask at once: the streams are looked at once for all of them. */
  const ensureStreamsTogether = () => {
    streams ??= ensureStreams(bus).finally(() => {
      streams = null;
    });
    return streams;
  };
  return {
    async machineAnnounced(machineId) {
      const before = announcedAtMs.get(machineId);
      if (before !== undefined && now() - before >= SOON_MS) {
        announcedAtMs.set(machineId, now());
        return false;
      }
      announcedAtMs.delete(machineId);
      await ensureStreamsTogether();
      await ensureWorkConsumer(bus, machineId, leaseMs);
      if (announcedAtMs.size >= MACHINES_MAX) announcedAtMs.clear();
      announcedAtMs.set(machineId, now());
      return before === undefined;
    },
  };
}
