// The agent's pages for whoever watches: /healthz, /readyz, /metrics. Gauges are asked for when somebody looks.
import { type Bus, pingBus } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { type PageServer, servePages, soon } from "@ozone/shared/observing";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Heart } from "../control/heartbeat.ts";
import type { WorkState } from "../control/work-state.ts";
import type { Outbox } from "../outbox/outbox.ts";

/** What is looked at. */
export interface WatchedAgent {
  readonly bus: Bus;
  readonly heart: Pick<Heart, "unheardMs">;
  readonly state: Pick<WorkState, "current" | "paused" | "waits">;
  readonly outbox: Pick<Outbox, "pending">;
}

/** Heartbeats come every ten seconds; after so long without an answer nobody hears this agent. */
const UNHEARD_MS_MAX = 60_000;
const MS_PER_SECOND = 1_000;
const OK = "ok";
const STARTING = "the agent starts, or waits for its bus";

/** Each part: "ok", or what is wrong with it. Never rejects, and answers within seconds. */
async function lookAt(watched: WatchedAgent | null) {
  if (watched === null) return { ready: false, bus: STARTING, coordinator: STARTING };
  const { bus, heart } = watched;
  const answers = await soon(pingBus(bus)).then(() => OK, messageOf);
  const unheardMs = heart.unheardMs();
  const heard = unheardMs !== null && unheardMs < UNHEARD_MS_MAX ? OK : "no heartbeat was answered lately";
  return { ready: answers === OK && heard === OK, bus: answers, coordinator: heard };
}

function addGauges(registry: Registry, watched: () => WatchedAgent | null): () => Promise<void> {
  const registers = [registry];
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const up = gauge("ozone_agent_part_up", "Whether a part answered when this page was asked for.", ["part"]);
  const outbox = gauge("ozone_agent_outbox_results", "Results that wait for their receipts.");
  const working = gauge("ozone_agent_working", "Whether an order is in hand.");
  const paused = gauge("ozone_agent_paused", "Whether a person wants it to take no trials.");
  const waits = gauge("ozone_agent_waits", "Whether it takes no trials because its machine is for its user.");
  const unheard = gauge("ozone_agent_unheard_seconds", "Since a heartbeat was answered.");
  collectDefaultMetrics({ register: registry });
  return async () => {
    const parts = watched();
    const { bus, coordinator } = await lookAt(parts);
    up.set({ part: "bus" }, bus === OK ? 1 : 0);
    up.set({ part: "coordinator" }, coordinator === OK ? 1 : 0);
    if (parts === null) return;
    const { state, heart } = parts;
    outbox.set(parts.outbox.pending().length);
    working.set(state.current ? 1 : 0);
    paused.set(state.paused ? 1 : 0);
    waits.set(state.waits ? 1 : 0);
    const unheardMs = heart.unheardMs();
    if (unheardMs === null) unheard.remove();
    else unheard.set(unheardMs / MS_PER_SECOND);
  };
}

/**
 * Starts serving them.
 * @param watched null while the agent starts, which it does for as long as it waits for its bus
 * @throws OzoneError unavailable with one sentence when the address can't be had
 */
export function serveAgent(address: string, watched: () => WatchedAgent | null): Promise<PageServer> {
  const registry = new Registry();
  return servePages(address, "OZONE_AGENT_HTTP_ADDRESS", {
    lookAtParts: () => lookAt(watched()),
    lookAtGauges: addGauges(registry, watched),
    registry,
  });
}
