// Heartbeats: they keep the lease of the trial in hand, and their replies say what to stop.
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { type Bus, sendHeartbeat } from "@ozone/shared/bus";
import { waitMessage } from "@ozone/shared/wait-message";
import type { Outbox } from "../outbox/outbox.ts";
import { createPause } from "../pause.ts";
import type { Pulls } from "../pulling/open-pulls.ts";
import type { WorkState } from "./work-state.ts";

/** What heartbeats need. */
export interface HeartbeatPorts {
  readonly bus: Bus;
  readonly machineId: string;
  readonly state: WorkState;
  readonly outbox: Outbox;
  /** The coordinator does not know us: announce again. */
  readonly announce: () => Promise<void>;
  /** Orders to apply are asked for when the coordinator says that there is one. */
  readonly orders: { hear(applyingWaits: boolean): void };
  /** Models to pull; absent: the machine's owner did not consent. */
  readonly pulls?: Pick<Pulls, "hear" | "reports"> | undefined;
}

/** Sends one heartbeat and does what the reply says. @throws OzoneError unavailable while no coordinator listens. */
export async function beat({
  bus,
  machineId,
  state,
  outbox,
  announce,
  orders,
  pulls,
}: HeartbeatPorts): Promise<void> {
  const { current } = state;
  const reply = await sendHeartbeat(
    bus,
    create(HeartbeatSchema, {
      machineId,
      trialId: current?.trialId ?? "",
      attempt: current?.attempt ?? 0,
      activity: state.activity,
      outboxDepth: outbox.pending().length,
      pulls: pulls?.reports() ?? [],
      ...(state.waits === null ? {} : { waits: waitMessage(state.waits) }),
    }),
  );
  state.setPaused(reply.paused);
  // The reply names the trial alone; what it says, it says of the attempt that was asked about, however late it comes.
  if (current && reply.cancelledTrialIds.includes(current.trialId)) state.cancel(current);
  orders.hear(reply.applyingWaits);
  pulls?.hear(reply.pulls);
  if (reply.announce) await announce();
}

/** A running heart. */
export interface Heart {
  /** Beats now. */
  beatNow(): void;
  /** How long ago a heartbeat was answered last; null: none was yet. */
  unheardMs(): number | null;
  setInterval(ms: number): void;
  stop(): Promise<void>;
}

/** After an unanswered heartbeat the next comes sooner, with jitter: the lease is running. */
const RETRY_MS = 2_000;

/** Starts beating every `intervalMs`. */
export function startHeart(ports: HeartbeatPorts, intervalMs: number): Heart {
  let interval = intervalMs;
  let stopped = false;
  let heardAtMs: number | null = null;
  const pause = createPause();

  async function loop(): Promise<void> {
    while (!stopped) {
      const answered = await beat(ports).then(
        () => {
          heardAtMs = performance.now();
          return true;
        },
        // Nobody listens, which is normal while the coordinator restarts; the next beat tells.
        () => false,
      );
      if (!stopped)
        await pause.wait(answered ? interval : Math.min(interval, RETRY_MS * (0.5 + Math.random())));
    }
  }

  const running = loop();
  return {
    beatNow: () => pause.end(),
    unheardMs: () => (heardAtMs === null ? null : performance.now() - heardAtMs),
    setInterval(ms) {
      interval = ms;
    },
    async stop() {
      stopped = true;
      pause.end();
      await running;
    },
  };
}
