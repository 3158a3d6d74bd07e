// The auth callout on a real nats-server that is not Ozone's, with the configuration that `bus-users` writes: 2.10 or newer, named
// in E2E_NATS_SERVER where the one of the tests is older.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { TrialOrderSchema } from "@ozone/proto/trial";
import {
  type Bus,
  type BusOptions,
  connectBus,
  ensureStreams,
  ensureWorkConsumer,
  type MachineKey,
  makeMachineKey,
  publishResultBytes,
  publishTrialOrder,
  signText,
  takeTrialOrder,
} from "@ozone/shared/bus";
import type { Finding } from "@ozone/shared/doctor/findings";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { busUsersCommand } from "../bus-users.ts";
import { readConfig } from "../config.ts";
import { runDoctor } from "../doctor/run-doctor.ts";
import { pickFreePort } from "../embedded/free-port.ts";
import { eventually } from "../embedded/testing/stage.ts";
import { approveMachine, removeMachine, revokeMachine } from "../fleet/admit-machine.ts";
import { saveIdentity } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { natsServerWithCallout, type OutsideNats, startOutsideNats } from "../testing/outside-nats.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { startCallout } from "./start-callout.ts";

const program = await natsServerWithCallout();
const LIFE_MS = 3_000;
const LEASE_MS = 30_000;

describe.skipIf(program === null)("the auth callout (needs a nats-server of 2.10 or newer)", () => {
  let folder: string;
  let parts: RealParts;
  let store: Store;
  let env: Record<string, string>;
  let nats: OutsideNats;
  let coordinator: Bus;
  const buses: Bus[] = [];
  const services: (() => Promise<void>)[] = [];
  const problems: unknown[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ozone-callout-"));
    parts = await openRealParts();
    store = await parts.newStore();
    const port = await pickFreePort();
    env = {
      OZONE_DATA_DIR: folder,
      OZONE_NATS_URL: `nats://ozone:secret@127.0.0.1:${port}`,
      OZONE_NATS_CALLOUT_KEYS: join(folder, "callout.keys"),
      OZONE_NATS_CALLOUT_LIFE_MS: String(LIFE_MS),
    };
    const users = join(folder, "ozone-users.conf");
    await busUsersCommand(["--out", users], readConfig(env));
    const lines = `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${JSON.stringify(join(folder, "js"))} }`;
    nats = await startOutsideNats(folder, "theirs", `${lines}\ninclude ./ozone-users.conf`, program ?? "");
    coordinator = await connectBus({ url: env.OZONE_NATS_URL ?? "", name: "coordinator" });
    await ensureStreams(coordinator);
  });
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.close();
    for (const stop of services.splice(0)) await stop();
    expect(problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await coordinator.close();
    await nats.stop();
    await parts.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One more coordinator that answers. */
  async function serve(on = store, url = env.OZONE_NATS_URL ?? ""): Promise<() => Promise<void>> {
    const { callout } = readConfig(env);
    if (callout === null) throw new Error("unreachable");
    const stop = await startCallout(on, { settings: callout, bus: { url, ca: null } }, (_, thrown) =>
      problems.push(thrown),
    );
    services.push(stop);
    return stop;
  }
  async function enrolled(machineId: string, state: "approved" | "pending" = "approved") {
    const key = makeMachineKey();
    const identity = { machineId, name: machineId, publicKey: key.publicKey, state };
    await store.db.transaction((tx) => saveIdentity(tx, identity));
    return { machineId, key };
  }
  async function arrive(who: Pick<BusOptions, "identity" | "key">, login = "") {
    const said: string[] = [];
    const url = `nats://${login}${new URL(env.OZONE_NATS_URL ?? "").host}`;
    const bus = await connectBus({ url, ...who, name: "agent", onStatus: (status) => said.push(status) });
    buses.push(bus);
    return { bus, said };
  }
  const signed = (key: MachineKey, text: string) => Buffer.from(signText(key, text)).toString("base64url");
  /** Connects as no client library would. @returns what the server says to it, up to its first answer */
  async function sayHello(hello: (nonce: string) => object): Promise<string> {
    const socket = connectSocket({ host: "127.0.0.1", port: Number(new URL(env.OZONE_NATS_URL ?? "").port) });
    let said = "";
    for await (const chunk of socket) {
      const isFirst = said === "";
      said += String(chunk);
      if (/PONG|-ERR/.test(said)) break;
      if (!isFirst) continue;
      const { nonce } = JSON.parse(said.slice(5, said.indexOf("\r\n"))) as { nonce: string };
      socket.write(`CONNECT ${JSON.stringify({ verbose: false, protocol: 1, ...hello(nonce) })}\r\nPING\r\n`);
    }
    return said;
  }
  /** How often it came back. */
  const returns = (said: readonly string[]) => said.filter((status) => status === "reconnect").length;

  it("lets an approved machine do its work, and nothing of another's or of the server's", async () => {
    await serve();
    const [identity, other] = [await enrolled("m-1"), await enrolled("m-2")];
    await ensureWorkConsumer(coordinator, "m-1", LEASE_MS);
    await ensureWorkConsumer(coordinator, "m-2", LEASE_MS);
    await publishTrialOrder(
      coordinator,
      create(TrialOrderSchema, { trialId: "t-1", attempt: 1, machineId: "m-1" }),
    );
    await publishTrialOrder(
      coordinator,
      create(TrialOrderSchema, { trialId: "t-2", attempt: 1, machineId: "m-2" }),
    );

    const { bus, said } = await arrive({ identity });
    const wait = { waitMs: 2_000, signal: AbortSignal.timeout(5_000) };
    const taken = await takeTrialOrder(bus, "m-1", wait);
    expect(taken?.order.trialId).toBe("t-1");
    taken?.done();
    const result = { trialId: "t-1", attempt: 1, payload: new Uint8Array([1]) };
    await publishResultBytes(bus, "m-1", result);
    await expect(publishResultBytes(bus, other.machineId, result)).rejects.toThrow();
    await expect(takeTrialOrder(bus, "m-2", wait)).rejects.toThrow();
    await expect(bus.connection.jetstreamManager()).rejects.toThrow();
    for (const subject of ["ozone.v1.receipt.m-2", "ozone.v1.>", "$SYS.REQ.USER.AUTH", "_INBOX_m-2.>"]) {
      const subscription = bus.connection.subscribe(subject);
      await expect(
        (async () => {
          for await (const _ of subscription);
        })(),
        subject,
      ).rejects.toThrow(/permission/i);
    }
    expect(said.filter((status) => status === "disconnect").length).toBe(returns(said));
  });

  it("lets nobody else in: unknown and waiting keys, revoked and removed machines, passwords, somebody else's key", async () => {
    await serve();
    const [revoked, removed] = [await enrolled("m-revoked"), await enrolled("m-removed")];
    await revokeMachine(store, "m-revoked", "test");
    await removeMachine(store, "m-removed", "test");
    const waiting = await enrolled("m-waiting", "pending");
    const victim = await enrolled("m-victim");
    for (const identity of [revoked, removed, waiting, { machineId: "m-9", key: makeMachineKey() }])
      await expect(arrive({ identity }), identity.machineId).rejects.toThrow(/refuses the key/);
    for (const login of ["", "ozone:guess@", "m-victim:x@", `${victim.key.publicKey}:x@`])
      await expect(arrive({}, login), login).rejects.toThrow(/authoriz/i);
    const { publicKey: nkey } = victim.key;
    const overheard: string[] = [];
    const own = (nonce: string) => {
      overheard.push(signed(victim.key, nonce));
      return { nkey, sig: overheard[0] };
    };
    expect(await sayHello(own)).toContain("PONG");
    const forged: ((nonce: string) => object)[] = [
      (nonce) => ({ nkey, sig: signed(makeMachineKey(), nonce) }),
      () => ({ nkey, sig: overheard[0] }),
      () => ({ nkey, sig: signed(victim.key, "") }),
      () => ({ nkey }),
      () => ({ nkey, sig: "AAAA" }),
      () => ({ nkey, user: "m-victim", pass: nkey, auth_token: nkey, jwt: nkey }),
    ];
    for (const hello of forged)
      expect(await sayHello(hello), String(hello)).toContain("Authorization Violation");
    // The id that a machine says of itself counts for nothing: it is let in as the one whose key it proved.
    const { bus } = await arrive({
      identity: { machineId: "m-victim", key: (await enrolled("m-liar")).key },
    });
    const result = { trialId: "t-1", attempt: 1, payload: new Uint8Array([1]) };
    await expect(publishResultBytes(bus, "m-victim", result)).rejects.toThrow();
  });

  it("ends the connection of a machine that is revoked within its life, keeps the others', and takes it back when it is approved again", async () => {
    await serve();
    const [leaver, member] = [await enrolled("m-leaver"), await enrolled("m-member")];
    const [leaves, stays] = [await arrive({ identity: leaver }), await arrive({ identity: member })];
    await revokeMachine(store, "m-leaver", "test");
    const since = performance.now();
    await eventually(
      () => leaves.said,
      (said) => said.includes("disconnect"),
    );
    expect(performance.now() - since).toBeLessThan(LIFE_MS + 2_000);
    await eventually(
      () => stays.said,
      (said) => returns(said) >= 2,
    );
    expect(returns(leaves.said)).toBe(0);
    await approveMachine(store, "m-leaver", "test");
    await eventually(
      () => leaves.said,
      (said) => returns(said) > 0,
      40_000,
    );
  });

  it("is answered by each of two coordinators, by the one that is left, and by one that was started again", async () => {
    const asked = [0, 0];
    const counting = (at: number): Store => ({
      ...store,
      get db() {
        asked[at] = (asked[at] ?? 0) + 1;
        return store.db;
      },
    });
    const stops = [await serve(counting(0)), await serve(counting(1))];
    const { said } = await arrive({ identity: await enrolled("m-many") });
    expect(asked.toSorted()).toEqual([0, 1]);
    await eventually(
      async () => {
        await arrive({ identity: await enrolled(`m-${asked[0]}-${asked[1]}`) });
        return asked;
      },
      ([first = 0, second = 0]) => first > 0 && second > 0,
    );
    await stops[0]?.();
    await arrive({ identity: await enrolled("m-later") });
    await stops[1]?.();
    services.splice(0);
    const before = returns(said);
    const early = enrolled("m-early").then((identity) => arrive({ identity }));
    await expect(early).rejects.toThrow(/or no coordinator runs whom this bus would ask/);
    await eventually(
      () => said,
      ([...all]) => all.lastIndexOf("disconnect") > all.lastIndexOf("reconnect"),
    );
    await serve();
    await eventually(
      () => said,
      (all) => returns(all) > before,
      40_000,
    );
  });

  it("is answered across a cluster, by a coordinator at one server for machines at the other", async () => {
    const [near = 0, far = 0, ...routes] = await Promise.all(Array.from({ length: 4 }, () => pickFreePort()));
    const lines = (port: number, at: number) =>
      [
        `listen: "127.0.0.1:${port}"`,
        `cluster { name: lab, listen: "127.0.0.1:${routes[at]}", routes: ["nats://127.0.0.1:${routes[1 - at]}"] }`,
        "include ./ozone-users.conf",
      ].join("\n");
    const servers = [
      await startOutsideNats(folder, "near", lines(near, 0), program ?? ""),
      await startOutsideNats(folder, "far", lines(far, 1), program ?? ""),
    ];
    await serve(store, `nats://127.0.0.1:${near}`);
    const identity = await enrolled("m-far");
    const stranger = { machineId: "m-stranger", key: makeMachineKey() };
    const at = { url: `nats://127.0.0.1:${far}`, name: "agent" };
    const come = () => connectBus({ ...at, identity }).catch((thrown: Error) => thrown.message);
    const bus = await eventually(come, (outcome) => typeof outcome !== "string");
    if (typeof bus !== "string") buses.push(bus);
    await expect(connectBus({ ...at, identity: stranger })).rejects.toThrow(/refuses the key/);
    for (const one of buses.splice(0)) await one.close();
    for (const stop of services.splice(0)) await stop();
    for (const server of servers) await server.stop();
  });

  it("is what the doctor looks at, answering nobody", async () => {
    const look = async (keys: string) => {
      const config = readConfig({ ...env, OZONE_NATS_CALLOUT_KEYS: keys });
      const { findings } = JSON.parse((await runDoctor(["--json"], config)).text) as { findings: Finding[] };
      return findings.filter(({ subject }) => subject === "callout");
    };
    expect(await look(env.OZONE_NATS_CALLOUT_KEYS ?? "")).toMatchObject([{ state: "ok" }]);
    expect(await look(join(folder, "none"))).toMatchObject([{ state: "missing" }]);
  });

  it("makes its keys once, for the owner alone, and refuses files and settings that can't be", async () => {
    const keys = env.OZONE_NATS_CALLOUT_KEYS ?? "";
    const before = readFileSync(keys, "utf8");
    expect(statSync(keys).mode & 0o777).toBe(0o600);
    expect(await busUsersCommand([], readConfig(env))).not.toMatch(/S[AU][A-Z2-7]{56}/);
    expect(readFileSync(keys, "utf8")).toBe(before);
    const wrong = { url: env.OZONE_NATS_URL ?? "", ca: null };
    const start = (keysPath: string) =>
      startCallout(store, { settings: { keysPath, lifeMs: LIFE_MS }, bus: wrong }, () => undefined);
    await expect(start(join(folder, "none"))).rejects.toThrow(/can't be read.*bus-users/);
    await expect(start(join(folder, "theirs.conf"))).rejects.toThrow(/does not hold the two keys/);
    const others = join(folder, "others.keys");
    await busUsersCommand([], readConfig({ ...env, OZONE_NATS_CALLOUT_KEYS: others }));
    expect(existsSync(others)).toBe(true);
    await expect(start(others)).rejects.toThrow(/does not let the user of its auth callout in/);
  });
});
