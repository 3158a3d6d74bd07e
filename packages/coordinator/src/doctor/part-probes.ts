// Looks for the doctor at Postgres and NATS. Changes nothing: nothing is fetched, made or migrated.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { connectBus, withoutCredentials } from "@ozone/shared/bus";
import type { Finding, Probe } from "@ozone/shared/doctor/findings";
import { messageOf } from "@ozone/shared/errors";
import { isLoopback } from "@ozone/shared/host-address";
import { connectCallout } from "../callout/start-callout.ts";
import { seeNatsServer } from "../embedded/nats-binary.ts";
import { embeddedPostgresVersion } from "../embedded/postgres-binaries.ts";
import { type DatabaseLook, lookAtDatabase } from "../store/look-at-database.ts";
import {
  type BusLook,
  judgeBus,
  judgeCallout,
  judgeDatabase,
  judgeEmbeddedPostgres,
  judgeNatsProgram,
} from "./judge-parts.ts";
import type { DoctorSettings } from "./settings.ts";

/** An outside Postgres is asked once, for its own sake and for the tokens in it; null: it is the embedded one. */
export const askDatabase = ({ databaseUrl }: DoctorSettings): Promise<DatabaseLook> | null =>
  databaseUrl === null ? null : lookAtDatabase(databaseUrl);

/** The two parts, and who answers for machines. */
export function partProbes(settings: DoctorSettings, database: Promise<DatabaseLook> | null): Probe[] {
  return [
    { subject: "postgres", look: () => lookAtPostgres(settings, database) },
    { subject: "bus", look: () => lookAtNats(settings) },
    ...(settings.callout === null ? [] : [{ subject: "callout", look: () => lookAtCallout(settings) }]),
  ];
}

async function lookAtPostgres(
  { databaseUrl }: DoctorSettings,
  database: Promise<DatabaseLook> | null,
): Promise<Finding[]> {
  if (database !== null) return judgeDatabase(placeOf(databaseUrl ?? ""), await database);
  const look = await embeddedPostgresVersion().then(
    (version) => ({ version }),
    (thrown: unknown) => ({ problem: messageOf(thrown) }),
  );
  return [judgeEmbeddedPostgres(look)];
}

/** Host and database, never the password. */
function placeOf(url: string): string {
  if (!URL.canParse(url)) return "OZONE_DATABASE_URL";
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

async function lookAtNats(settings: DoctorSettings): Promise<Finding[]> {
  const { dataDir, natsUrl, natsReplicas, natsServerPath, natsListen } = settings;
  if (natsUrl !== null) {
    const at = withoutCredentials(natsUrl);
    const addresses = at.split(",").map((one) => one.replace(/^[a-z]+:\/\//, ""));
    const facts = { isLoopback: addresses.every(isLoopback), replicas: natsReplicas };
    return judgeBus(at, await lookAtBus(settings, natsUrl), facts);
  }
  const named = natsServerPath === null ? {} : { named: natsServerPath };
  const look = await seeNatsServer({ cacheDir: join(dataDir, "cache"), ...named }).catch(
    (thrown: unknown) => ({
      problem: messageOf(thrown),
    }),
  );
  const forOthers = natsListen !== null && !isLoopback(`${natsListen.host}:0`);
  return judgeNatsProgram(look, { forOthers, maybeFetched: await hasApt() });
}

const hasApt = (): Promise<boolean> =>
  stat("/usr/bin/apt-get").then(
    () => true,
    () => false, // another system
  );

/** A connection that is opened, asks for nothing, and is closed. */
async function lookAtBus({ natsCa }: DoctorSettings, url: string): Promise<BusLook | { problem: string }> {
  try {
    const bus = await connectBus({ url, ca: natsCa, name: "ozone-coordinator doctor" });
    const { version = "", jetstream, cluster, tls_required } = bus.connection.info ?? {};
    await bus.close();
    return {
      version,
      jetstream: jetstream === true,
      isCluster: Boolean(cluster),
      isEncrypted: tls_required === true,
    };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}

/** Comes as the user of the callout, answers nobody, and goes. */
async function lookAtCallout({ callout, natsUrl, natsCa }: DoctorSettings): Promise<Finding[]> {
  if (callout === null || natsUrl === null) return [];
  const look = await connectCallout(callout, { url: natsUrl, ca: natsCa }).then(
    async ({ bus }) => {
      const { version = "" } = bus.connection.info ?? {};
      await bus.close();
      return { version };
    },
    (thrown: unknown) => ({ problem: messageOf(thrown) }),
  );
  return [judgeCallout(withoutCredentials(natsUrl), look)];
}
