// Postgres, NATS and what stands on them, opened in order.
import { connectBus, ensureStreams } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import type { Logger } from "pino";
import { startAdmission } from "./admission.ts";
import { startCallout } from "./callout/start-callout.ts";
import type { CoordinatorConfig } from "./config.ts";
import { limitLines } from "./line-limit.ts";
import type { Events } from "./observing/meters.ts";
import { openBusServer, openDatabase } from "./parts.ts";
import { approvedAgents } from "./store/machine-identities.ts";
import { openStore } from "./store/open-store.ts";

/** What is to be ended, last first. */
export type Stops = (() => unknown)[];

type OnError = (name: string, thrown: unknown) => void;

/** So many problems of answering are told in a minute: while Postgres is away, every connection is one. */
const CALLOUT_LINES = 5;

function answering(onError: OnError): OnError {
  const limit = limitLines({ lines: CALLOUT_LINES, perMs: 60_000, now: () => performance.now() });
  return (name, thrown) => {
    if (limit.admit(name) !== null) onError(name, thrown);
  };
}

/** Postgres, NATS and what stands on them. @throws with one sentence when one of them can't be had */
export async function openParts(config: CoordinatorConfig, log: Logger, stops: Stops, events?: Events) {
  const say = (line: string) => log.info(line);
  const database = await openDatabase(config, say);
  stops.push(() => database.stop());
  const store = await openStore(database.url, (problem) => log.warn(`Postgres: ${problem}`));
  stops.push(() => store.close());
  const busServer = await openBusServer(config, say, await approvedAgents(store.db));
  stops.push(() => busServer.stop());
  const refused: OnError = (name, thrown) => log.warn({ task: name }, messageOf(thrown));
  const admission = await startAdmission(store, busServer, refused);
  stops.push(() => admission.stop());
  const bus = await connectBus({
    url: busServer.url,
    ca: busServer.ca,
    name: "ozone-coordinator",
    replicas: config.natsReplicas,
    onStatus: (status) => {
      if (status === "reconnect") events?.busReconnected();
    },
  });
  stops.push(() => bus.close());
  await ensureStreams(bus);
  if (config.callout !== null)
    stops.push(await startCallout(store, { settings: config.callout, bus: busServer }, answering(refused)));
  return {
    store,
    bus,
    admission,
    natsUrl: busServer.url,
    natsCa: busServer.ca,
    words: { database: database.words, bus: busServer.words },
  };
}

/** What `openParts` opened. */
export type Parts = Awaited<ReturnType<typeof openParts>>;
