// The users of a nats-server that is not Ozone's, on a real one that reads the written file.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus, ensureStreams, makeMachineKey } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busUsersCommand } from "./bus-users.ts";
import { readConfig } from "./config.ts";
import { pickFreePort } from "./embedded/free-port.ts";
import { eventually } from "./embedded/testing/stage.ts";
import { revokeMachine } from "./fleet/admit-machine.ts";
import { saveIdentity } from "./store/machine-identities.ts";
import { openStore, type Store } from "./store/open-store.ts";
import { type OutsideNats, startOutsideNats } from "./testing/outside-nats.ts";
import { openRealParts, type RealParts } from "./testing/real-parts.ts";

let folder: string;
let parts: RealParts;
let store: Store;
let env: Record<string, string>;
let nats: OutsideNats | undefined;
const buses: Bus[] = [];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-bus-users-"));
  parts = await openRealParts();
  const url = await parts.newDatabase();
  store = await openStore(url, () => undefined);
  const port = await pickFreePort();
  env = {
    OZONE_DATA_DIR: folder,
    OZONE_DATABASE_URL: url,
    OZONE_NATS_URL: `nats://ozone:a%22b@127.0.0.1:${port}`,
  };
});
afterAll(async () => {
  for (const bus of buses) await bus.close();
  await nats?.stop();
  await store.close();
  await parts.close();
  rmSync(folder, { recursive: true, force: true });
});

async function enrolled(machineId: string, state: "approved" | "pending") {
  const key = makeMachineKey();
  await store.db.transaction((tx) =>
    saveIdentity(tx, { machineId, name: machineId, publicKey: key.publicKey, state }),
  );
  return { machineId, key };
}

/** What its connection said of itself. */
async function arrive(identity: { machineId: string; key: ReturnType<typeof makeMachineKey> }) {
  const said: string[] = [];
  const url = `nats://${new URL(env.OZONE_NATS_URL ?? "").host}`;
  const bus = await connectBus({ url, identity, name: "agent", onStatus: (status) => said.push(status) });
  buses.push(bus);
  return { bus, said };
}

const write = (...words: string[]) => busUsersCommand(words, readConfig(env));

describe("ozone-coordinator bus-users", () => {
  it("lets in the machines that were approved, each to its own subjects, and after a reload no longer one that was revoked", async () => {
    const [member, leaver] = [await enrolled("m-member", "approved"), await enrolled("m-leaver", "approved")];
    const waiting = await enrolled("m-waiting", "pending");
    const file = join(folder, "ozone-users.conf");
    expect(JSON.parse(await write("--out", file))).toEqual({ file, machines: 2 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const port = new URL(env.OZONE_NATS_URL ?? "").port;
    const lines = `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(join(folder, "js"))} }`;
    nats = await startOutsideNats(folder, "theirs", `${lines}\ninclude ./ozone-users.conf`);

    const coordinator = await connectBus({ url: env.OZONE_NATS_URL ?? "", name: "coordinator" });
    buses.push(coordinator);
    await ensureStreams(coordinator);
    const [stays, leaves] = [await arrive(member), await arrive(leaver)];
    await expect(arrive(waiting)).rejects.toThrow(/refuses the key of m-waiting/);
    await expect(connectBus({ url: `nats://127.0.0.1:${port}`, name: "nobody" })).rejects.toThrow(
      /Authorization Violation/,
    );
    stays.bus.connection.publish("ozone.v1.heartbeat.m-leaver");
    await stays.bus.connection.flush();
    await eventually(
      () => stays.said,
      (said) => said.includes("error"),
    );

    await revokeMachine(store, "m-leaver", "an administrator");
    expect(JSON.parse(await write("--out", file))).toMatchObject({ machines: 1 });
    expect(leaves.said).not.toContain("disconnect");
    await nats.reload();
    await eventually(
      () => leaves.said,
      (said) => said.includes("disconnect"),
    );
    await expect(arrive(leaver)).rejects.toThrow(/refuses the key of m-leaver/);
    await arrive(member);
    expect(stays.said).not.toContain("disconnect");
  });

  it("says in one sentence what is missing, and locks no coordinator out", async () => {
    const config = (changed: Record<string, string>) => readConfig({ ...env, ...changed });
    await expect(busUsersCommand([], config({ OZONE_NATS_URL: "" }))).rejects.toThrow(
      /set OZONE_DATABASE_URL and/,
    );
    await expect(busUsersCommand([], config({ OZONE_NATS_URL: "nats://bus:4222" }))).rejects.toThrow(
      /would lock itself out/,
    );
    await expect(write("--to", "x")).rejects.toThrow(/^Write `ozone-coordinator bus-users/);
    await expect(write("--out", join(folder, "none", "x"))).rejects.toThrow(/can't be written/);
  });
});
