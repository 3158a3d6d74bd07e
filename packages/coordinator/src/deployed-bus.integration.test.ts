// The configurations of nats-server in deploy/, read by a real one, with the users that `npm run deploy:secrets` makes.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { TrialOrderSchema } from "@ozone/proto/trial";
import {
  type Bus,
  connectBus,
  dropWork,
  ensureStreams,
  ensureWorkConsumer,
  publishResultBytes,
  publishTrialOrder,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pickFreePort } from "./embedded/free-port.ts";
import { isAtLeast } from "./embedded/nats-config.ts";
import { testNatsServer } from "./embedded/testing/stage.ts";
import { type OutsideNats, startOutsideNats } from "./testing/outside-nats.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const LEASE_MS = 30_000;
let folder: string;
let nats: OutsideNats | undefined;
const buses: Bus[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ozone-deployed-"));
  execFileSync(process.execPath, [`${ROOT}scripts/deploy-secrets.mjs`, join(folder, "secrets")]);
});
afterEach(async () => {
  for (const bus of buses.splice(0)) await bus.close();
  await nats?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The file with what is of this machine: ports, folders, no second server; 2.9 does not know `sync_interval`. */
async function startFrom(file: string, port: number): Promise<OutsideNats> {
  const { version } = await testNatsServer();
  const here = readFileSync(`${ROOT}${file}`, "utf8")
    .replace(/^server_name: .*$/m, "")
    .replace('"0.0.0.0:4222"', `"127.0.0.1:${port}"`)
    .replace(/^http: .*$/m, `http: "127.0.0.1:${await pickFreePort()}"`)
    .replace("/var/run/nats/nats.pid", join(folder, "nats.pid"))
    .replace("store_dir: /data", `store_dir: ${JSON.stringify(join(folder, "data"))}`)
    .replace(/^cluster \{[\s\S]*?^\}$/m, "")
    .replace("./bus-users.conf", "./secrets/bus-users.conf")
    .replace(/^ *sync_interval.*$/m, (line) => (isAtLeast(version, 2, 10) ? line : ""));
  return startOutsideNats(folder, "deployed", here);
}

/** By the address that the made file gives to this program, on the port of the test. */
async function connect(file: string, port: number): Promise<Bus> {
  const [, address = ""] =
    /^OZONE_NATS_URL=(.*)$/m.exec(readFileSync(join(folder, "secrets", file), "utf8")) ?? [];
  const url = address.replace("nats:4222", `127.0.0.1:${port}`);
  const bus = await connectBus({ url, name: file });
  buses.push(bus);
  return bus;
}

describe.each(["deploy/compose/nats.conf", "deploy/kubernetes/base/nats.conf"])("%s", (file) => {
  it("lets the coordinator do its work, and agents theirs and nothing of the coordinator's", async () => {
    const port = await pickFreePort();
    nats = await startFrom(file, port);
    await expect(connectBus({ url: `nats://127.0.0.1:${port}`, name: "nobody" })).rejects.toThrow(
      /Authorization Violation/,
    );
    const coordinator = await connect("coordinator.env", port);
    await ensureStreams(coordinator);
    await ensureWorkConsumer(coordinator, "m-1", LEASE_MS);
    const order = create(TrialOrderSchema, { trialId: "t-1", attempt: 1, machineId: "m-1" });
    await publishTrialOrder(coordinator, order);

    const agent = await connect("agent.env", port);
    const wait = { waitMs: 5_000, signal: AbortSignal.timeout(10_000) };
    const taken = await takeTrialOrder(agent, "m-1", wait);
    expect(taken?.order.trialId).toBe("t-1");
    taken?.done();
    await publishResultBytes(agent, "m-1", { trialId: "t-1", attempt: 1, payload: new Uint8Array([1]) });
    await expect(publishTrialOrder(agent, order)).rejects.toThrow();
    await expect(dropWork(agent, "m-1")).rejects.toThrow();
    const manager = await coordinator.connection.jetstreamManager();
    expect((await manager.streams.info("OZONE_RESULTS")).state.messages).toBe(1);
  });
});
