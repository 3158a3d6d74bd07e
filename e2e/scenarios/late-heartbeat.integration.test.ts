// A coordinator that answers a heartbeat late: the shipped heart of an agent on a real bus, and a coordinator's answers by hand.
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type HeartbeatReply, HeartbeatReplySchema } from "@ozone/proto/machine";
import { type Bus, connectBus, onHeartbeat } from "@ozone/shared/bus";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { beat } from "../../packages/agent/src/control/heartbeat.ts";
import { WorkState } from "../../packages/agent/src/control/work-state.ts";
import { newFolder, removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { type Outbox, openOutbox } from "../../packages/agent/src/outbox/outbox.ts";
import { startNats } from "../../packages/coordinator/src/embedded/nats-server.ts";
import { testNatsServer } from "../../packages/coordinator/src/embedded/testing/stage.ts";

const dataDir = newFolder();
let nats: Awaited<ReturnType<typeof startNats>>;
let bus: Bus;
let outbox: Outbox;
/** What the coordinator does when it hears one. */
let answer: () => HeartbeatReply;
let state: WorkState;

beforeAll(async () => {
  const log = () => undefined;
  nats = await startNats({ dataDir: join(dataDir, "bus"), log, binary: (await testNatsServer()).path });
  bus = await connectBus({ url: nats.url, name: "test" });
  outbox = await openOutbox(join(dataDir, "outbox"), log);
  onHeartbeat(bus, async () => answer());
});
afterAll(async () => {
  await bus?.close();
  await nats?.stop();
  removeFolders();
});
beforeEach(() => {
  state = new WorkState();
});

const cancelled = (...cancelledTrialIds: string[]) => create(HeartbeatReplySchema, { cancelledTrialIds });
const heartbeat = () =>
  beat({
    ...{ bus, machineId: "m-1", state, outbox, announce: async () => undefined },
    orders: { hear: () => undefined },
  });

describe("the answer to a heartbeat", () => {
  it("stops the attempt that the heartbeat was about", async () => {
    const first = state.begin("t-1", 1);
    answer = () => cancelled("t-1");
    await heartbeat();
    expect(first.abort.signal.aborted).toBe(true);
  });

  it("leaves the next attempt of the same trial alone when it comes after that was begun", async () => {
    const first = state.begin("t-1", 1);
    let second = first;
    answer = () => {
      state.end();
      second = state.begin("t-1", 2);
      return cancelled("t-1");
    };
    await heartbeat();
    expect([second.attempt, second.abort.signal.aborted]).toEqual([2, false]);
  });
});
