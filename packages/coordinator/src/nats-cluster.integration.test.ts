// Streams on a cluster of three real nats-servers on loopback, one of which is killed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { TrialOrderSchema } from "@ozone/proto/trial";
import {
  type Bus,
  connectBus,
  ensureStreams,
  ensureWorkConsumer,
  fetchResults,
  publishResultBytes,
  publishTrialOrder,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pickFreePort } from "./embedded/free-port.ts";
import { eventually } from "./embedded/testing/stage.ts";
import { type OutsideNats, startOutsideNats } from "./testing/outside-nats.ts";
import { openRealParts, type RealParts } from "./testing/real-parts.ts";

const NAMES = ["n1", "n2", "n3"];
const LEASE_MS = 30_000;

let folder: string;
let parts: RealParts;
let url = "";
const servers = new Map<string, OutsideNats>();
const buses: Bus[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-cluster-"));
  parts = await openRealParts();
  const ports = await Promise.all(NAMES.flatMap(() => [pickFreePort(), pickFreePort()]));
  const [clients, routes] = [ports.slice(0, 3), ports.slice(3)];
  url = clients.map((port) => `nats://127.0.0.1:${port}`).join(",");
  const others = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(", ");
  await Promise.all(
    NAMES.map(async (name, at) => {
      const lines = [
        `listen: "127.0.0.1:${clients[at]}"`,
        `jetstream { store_dir: ${JSON.stringify(join(folder, name))} }`,
        `cluster { name: lab, listen: "127.0.0.1:${routes[at]}", routes: [${others}] }`,
      ];
      servers.set(name, await startOutsideNats(folder, name, lines.join("\n")));
    }),
  );
});
afterAll(async () => {
  for (const bus of buses) await bus.close();
  await Promise.all([...servers.values()].map((server) => server.stop()));
  await parts.close();
  rmSync(folder, { recursive: true, force: true });
});

async function connect(at: string, replicas: number | null): Promise<Bus> {
  const bus = await connectBus({ url: at, name: "test", replicas });
  buses.push(bus);
  return bus;
}

/** Asks with short patience: a cluster that just started, or just lost a server, does not answer for a moment. */
const asking = (bus: Bus) => bus.connection.jetstreamManager({ timeout: 300 });
/** The first answer that is none of "nobody leads here". */
async function inTime<Value>(work: () => Promise<Value>): Promise<Value> {
  const outcome = await eventually(
    () =>
      work().then(
        (value) => ({ value, problem: "" }),
        (thrown: Error) => ({ value: null, problem: thrown.message }),
      ),
    ({ problem }) => problem === "",
  );
  return outcome.value as Value;
}

const infoOf = (bus: Bus, stream: string) => inTime(async () => (await asking(bus)).streams.info(stream));

/** Waits until stream and consumers have leaders among the servers that live. */
async function leadersOf(bus: Bus, living: readonly string[]): Promise<void> {
  const manager = await inTime(() => asking(bus));
  const leaders = () =>
    Promise.all([
      manager.streams.info("OZONE_WORK"),
      manager.streams.info("OZONE_RESULTS"),
      manager.consumers.info("OZONE_WORK", "work-m-1"),
      manager.consumers.info("OZONE_RESULTS", "intake"),
    ]).then((infos) => infos.map(({ cluster }) => cluster?.leader ?? "none"));
  await eventually(
    () => leaders().catch((thrown: Error) => [thrown.message]),
    (names) => names.every((name) => living.includes(name)),
  );
}

const order = (trialId: string) => create(TrialOrderSchema, { trialId, attempt: 1, machineId: "m-1" });

describe("a NATS cluster of three servers", () => {
  it("keeps the streams on all of them, and orders and results still get through when one is killed", async () => {
    // Made on one server first, as before somebody set OZONE_NATS_REPLICAS.
    const before = await connect(url, null);
    await inTime(() => asking(before));
    await inTime(() => ensureStreams(before));
    expect((await infoOf(before, "OZONE_WORK")).config.num_replicas).toBe(1);
    const bus = await connect(url, 3);
    await inTime(() => ensureStreams(bus));
    await inTime(() => ensureWorkConsumer(bus, "m-1", LEASE_MS));
    for (const stream of ["OZONE_WORK", "OZONE_RESULTS"]) {
      const { cluster } = await eventually(
        () => infoOf(bus, stream),
        (info) => info.cluster?.replicas?.filter(({ current }) => current).length === 2,
      );
      expect([cluster?.leader, ...(cluster?.replicas ?? []).map(({ name }) => name)].sort()).toEqual(NAMES);
    }
    const consumer = await inTime(async () => (await asking(bus)).consumers.info("OZONE_RESULTS", "intake"));
    expect(consumer.cluster?.replicas).toHaveLength(2);

    await publishTrialOrder(bus, order("t-1"));
    const leader = (await infoOf(bus, "OZONE_WORK")).cluster?.leader ?? "";
    await servers.get(leader)?.kill();
    await leadersOf(
      bus,
      NAMES.filter((name) => name !== leader),
    );

    await publishTrialOrder(bus, order("t-2"));
    for (const trialId of ["t-1", "t-2"]) {
      const wait = { waitMs: 5_000, signal: AbortSignal.timeout(10_000) };
      const taken = await takeTrialOrder(bus, "m-1", wait);
      expect(taken?.order.trialId).toBe(trialId);
      taken?.done();
    }
    const result = { trialId: "t-1", attempt: 1, payload: new Uint8Array([1]) };
    await publishResultBytes(bus, "m-1", result);
    const arrived = await fetchResults(bus, 10, 5_000);
    expect(arrived.map(({ machineId }) => machineId)).toEqual(["m-1"]);
  });

  it("is asked for in vain of one server alone, which is said in one sentence", async () => {
    const bus = await connect(parts.natsUrl, 3);
    await expect(ensureStreams(bus)).rejects.toThrow(
      /^The streams can't be kept on 3 servers of this NATS \(it is no cluster\): start as many .* or correct OZONE_NATS_REPLICAS\.$/,
    );
  });
});
