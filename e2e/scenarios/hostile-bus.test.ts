// A hostile agent with a valid, approved identity on the bus: others' subjects, the server's own API, floods.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { AnnouncementSchema, HeartbeatSchema } from "@ozone/proto/machine";
import { announce, sendHeartbeat } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Enrolled } from "../../packages/agent/src/enrolment/enrol.ts";
import { madeAnnouncement } from "../../packages/coordinator/src/testing/made-sweep.ts";
import { type ArrivedMachine, EnrolledMachines } from "../setup/enrolled-machines.ts";
import { flood, floodControl, pushRaw } from "../setup/hostile-messages.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";
import { memoryBytes, pipesNow } from "../setup/what-others-have.ts";

const MIB = 1024 * 1024;

let stack: Stack;
let machines: EnrolledMachines;
let liar: ArrivedMachine;
let identity: Enrolled;
let bystander: ArrivedMachine;

beforeAll(async () => {
  stack = await Stack.start();
  machines = await EnrolledMachines.of(stack);
  const [first, other] = [await machines.newToken(), await machines.newToken()];
  identity = await machines.enrolAs("liar", first);
  liar = await machines.arrive("liar", identity);
  bystander = await machines.arrive("bystander", await machines.enrolAs("bystander", other));
});
afterAll(async () => {
  await machines?.close();
  await stack?.stop();
});

describe("the subjects of another", () => {
  it("can neither be written nor read, directly or by having oneself answered there", async () => {
    const heard = async () => (await machines.machineOf(bystander.machineId))?.lastSeenAt;
    const before = await heard();
    const pipes = await pipesNow(stack);
    const at = (kind: string, id = bystander.machineId) => `ozone.v1.${kind}.${id}`;
    const forged = toBinary(HeartbeatSchema, create(HeartbeatSchema, { machineId: bystander.machineId }));
    const { connection } = liar.bus;
    for (const kind of ["result", "heartbeat", "announce", "applying", "work", "receipt"]) {
      connection.publish(at(kind), forged);
    }
    const violations: string[] = [];
    for (const subject of [
      at("receipt"),
      at("work"),
      `_INBOX_${bystander.machineId}.>`,
      "_INBOX.>",
      "$JS.>",
      ">",
    ]) {
      connection.subscribe(subject, { callback: (error) => violations.push(error?.message ?? "heard") });
    }
    await connection.flush();
    await waitFor("six refused subscriptions", () => violations.length, { until: (count) => count === 6 });
    expect(violations.every((words) => /Permissions Violation for Subscription/.test(words))).toBe(true);
    const consumer = `OZONE_WORK.work-${bystander.machineId}`;
    for (const call of [
      `CONSUMER.INFO.${consumer}`,
      `CONSUMER.MSG.NEXT.${consumer}`,
      "STREAM.DELETE.OZONE_RESULTS",
    ]) {
      await expect(connection.request(`$JS.API.${call}`, "", { timeout: 1_000 })).rejects.toThrow(
        /Permissions Violation for Publish/i,
      );
    }
    // The server does not check where an answer is wanted.
    const own = toBinary(HeartbeatSchema, create(HeartbeatSchema, { machineId: liar.machineId }));
    connection.publish(at("heartbeat", liar.machineId), own, {
      reply: "$JS.API.STREAM.DELETE.OZONE_RESULTS",
    });
    connection.publish(at("heartbeat", liar.machineId), own, { reply: at("work") });
    const next = `$JS.API.CONSUMER.MSG.NEXT.OZONE_WORK.work-${liar.machineId}`;
    connection.publish(next, JSON.stringify({ batch: 1, no_wait: true }), { reply: at("heartbeat") });
    await connection.flush();
    await expect(
      connection.request(at("heartbeat", liar.machineId), forged, { timeout: 500 }),
    ).rejects.toThrow(/TIMEOUT/);
    // What follows on the same connection is handled after it.
    await sendHeartbeat(liar.bus, create(HeartbeatSchema, { machineId: liar.machineId }));
    expect(await heard()).toEqual(before);
    expect(await pipesNow(stack)).toEqual(pipes);
    await sendHeartbeat(bystander.bus, create(HeartbeatSchema, { machineId: bystander.machineId }));
    expect(await heard()).not.toEqual(before);
    const landed = await stack.query<{ machine_id: string }>("select machine_id from quarantine");
    expect(landed.filter((row) => row.machine_id === bystander.machineId)).toEqual([]);
  });
});

describe("a flood", () => {
  it("has a small share of the stream and of quarantine, and the others' results still go through", async () => {
    // Nobody takes results in meanwhile.
    process.kill(stack.coordinator.pid, "SIGSTOP");
    const { taken, said: refusals } = await flood(liar.bus, liar.machineId, 60);
    const other = await flood(bystander.bus, bystander.machineId, 1);
    process.kill(stack.coordinator.pid, "SIGCONT");
    expect([taken, refusals]).toEqual([
      32,
      [expect.stringMatching(/503|maximum messages per subject exceeded/)],
    ]);
    expect(other.taken).toBe(1);
    const kept = () =>
      stack.query<{ machine_id: string; bytes: number }>(
        "select machine_id, sum(length(payload))::int as bytes from quarantine group by machine_id",
      );
    const rows = await waitFor("both in quarantine", kept, {
      until: (all) => all.some((row) => row.machine_id === bystander.machineId),
    });
    for (let round = 0; round < 2; round += 1) await flood(liar.bus, liar.machineId, 60);
    const bytes = (await kept()).map((row) => row.bytes);
    expect(Math.max(...bytes), JSON.stringify(rows)).toBeLessThanOrEqual(16 * MIB);
  });

  it("of heartbeats and announcements is heard at the rate of its allowance, and the others are answered meanwhile", async () => {
    const { machineId } = liar;
    const startedAtMs = performance.now();
    const beats = await floodControl(
      liar.bus,
      { kind: "heartbeat", machineId },
      {
        count: 20_000,
        message: (number) =>
          toBinary(HeartbeatSchema, create(HeartbeatSchema, { machineId, activity: `${number}` })),
      },
    );
    const announcements = await floodControl(
      liar.bus,
      { kind: "announce", machineId },
      {
        count: 2_000,
        message: (number) =>
          toBinary(AnnouncementSchema, { ...madeAnnouncement(machineId), agentVersion: `${number}` }),
      },
    );
    // One that is not answered within five seconds is an error.
    for (let round = 0; round < 20; round += 1)
      await sendHeartbeat(bystander.bus, create(HeartbeatSchema, { machineId: bystander.machineId }));
    expect(await announce(bystander.bus, madeAnnouncement(bystander.machineId))).toMatchObject({
      accepted: true,
    });
    const line = await waitFor("the flood in the coordinator's log", () => stack.coordinator.output, {
      until: (text) => text.includes("a heartbeat was not read: its machine sends more than it may"),
    });
    expect(line.match(/was not read/g)).toHaveLength(1);
    const seconds = (performance.now() - startedAtMs) / 1_000;
    expect(beats()).toBeLessThanOrEqual(200 + 20 * seconds);
    expect(announcements()).toBeLessThanOrEqual(20 + seconds / 2);
  });

  it("of one message of 1 GB is refused by the server when it is announced", async () => {
    const before = await memoryBytes(stack);
    const subject = `ozone.v1.result.${liar.machineId}`;
    expect(() => liar.bus.connection.publish(subject, new Uint8Array(2 * MIB))).toThrow(/MAX_PAYLOAD/);
    // The largest size that 2.9 reads at all: with a digit more it hangs up on the number alone.
    expect(await pushRaw(identity, `PUB ${subject} 999999999\r\n`)).toContain("PONG");
    const log = () => readFile(join(stack.dataDir, "nats/nats-server.log"), "utf8");
    await waitFor("the server's own word", log, {
      until: (text) => text.includes("maximum payload exceeded: 999999999 vs 1048576"),
    });
    await sendHeartbeat(liar.bus, create(HeartbeatSchema, { machineId: liar.machineId }));
    expect((await memoryBytes(stack)) - before).toBeLessThan(64 * MIB);
  });
});
