// Postgres, NATS and what stands on them, opened in order.
import { connectBus, ensureStreams } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import type { Logger } from "pino";
import { startAdmission } from "./admission.ts";
import { startCallout } from "./callout/start-callout.ts";
import type { CoordinatorConfig } from "./config.ts";
import type { Events } from "./observing/meters.ts";
import { openBusServer, openDatabase } from "./parts.ts";
import { approvedAgents } from "./store/machine-identities.ts";
import { openStore } from "./store/open-store.ts";

/** What is to be ended, last first. */
export type Stops = (() => unknown)[];

/** Postgres, NATS and what stands on them. @throws with one sentence when one of them can't be had */
export async function openParts(config: CoordinatorConfig, log: Logger, stops: Stops, events?: Events) {
  const say = (line: string) => log.info(line);
  const database = await openDatabase(config, say);
  stops.push(() => database.stop());
  const store = await openStore(database.url, (problem) => log.warn(`Postgres: ${problem}`));
  stops.push(() => store.close());
  const busServer = await openBusServer(config, say, await approvedAgents(store.db));
  stops.push(() => busServer.stop());
  const refused = (name: string, thrown: unknown) => log.warn({ task: name }, messageOf(thrown));
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
    stops.push(await startCallout(store, { settings: config.callout, bus: busServer }, refused));
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
