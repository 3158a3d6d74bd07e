// A NATS that is not Ozone's asks two coordinators about each connection: machines enrol, work through many ends of their
// connections and through a time in which no coordinator lives, and a revoked one is cut. An agent that measures nothing.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connectBus } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Enrolled, enrol } from "../../packages/agent/src/enrolment/enrol.ts";
import { busUsersCommand } from "../../packages/coordinator/src/bus-users.ts";
import { readConfig } from "../../packages/coordinator/src/config.ts";
import { pickFreePort } from "../../packages/coordinator/src/embedded/free-port.ts";
import {
  natsServerWithCallout,
  startOutsideNats,
} from "../../packages/coordinator/src/testing/outside-nats.ts";
import { type Coordinators, type OneCoordinator, openCoordinators } from "../setup/coordinators.ts";
import { MadeAgent } from "../setup/made-agent.ts";
import { waitFor } from "../setup/wait-for.ts";

const program = await natsServerWithCallout();
/** Of a connection: at most. */
const LIFE_MS = 3_000;
const TRIAL_MS = 400;
const TRIALS = 30;
const COORDINATOR_LEASES = { OZONE_LEADER_LEASE_MS: "2000", OZONE_LEASE_MS: "6000" };

describe.skipIf(program === null)(
  "an external NATS with the auth callout (needs a nats-server of 2.10 or newer)",
  () => {
    let all: Coordinators;
    let [first, second]: OneCoordinator[] = [];
    const env: Record<string, string> = {
      ...COORDINATOR_LEASES,
      OZONE_NATS_CALLOUT_LIFE_MS: String(LIFE_MS),
    };

    beforeAll(async () => {
      all = await openCoordinators(env, async ({ dir }) => {
        const port = await pickFreePort();
        const url = `nats://ozone:secret@127.0.0.1:${port}`;
        env.OZONE_NATS_CALLOUT_KEYS = join(dir, "callout.keys");
        const settings = {
          ...env,
          OZONE_DATABASE_URL: "postgres://nobody.is.asked/ozone",
          OZONE_NATS_URL: url,
        };
        await busUsersCommand(["--out", join(dir, "users.conf")], readConfig(settings));
        const store = JSON.stringify(join(dir, "js"));
        const lines = `listen: "127.0.0.1:${port}"\njetstream { store_dir: ${store} }\ninclude ./users.conf`;
        return { url, stop: (await startOutsideNats(dir, "theirs", lines, program ?? "")).stop };
      });
      [first, second] = [await all.start("first"), await all.start("second")];
    });
    afterAll(async () => {
      await all?.stop();
    });

    const pair = (): [OneCoordinator, OneCoordinator] => {
      if (!first || !second) throw new Error("they were not started");
      return [first, second];
    };
    async function enrolled(name: string, by: OneCoordinator): Promise<Enrolled> {
      const { secret } = await by.json<{ secret: string }>(["enroll", "token", "create", "--approved"]);
      const coordinator = (await by.ready()).grpcAddress;
      return enrol({
        ...{ name, token: secret, coordinator, trust: null, log: () => undefined },
        ...{ dataDir: join(all.dir, name), stop: AbortSignal.timeout(30_000) },
      });
    }
    const count = (said: readonly string[], status: string) => said.filter((one) => one === status).length;
    const results = () =>
      all.query<{ trial_id: string; attempt: number; payload: Buffer }>(
        "select trial_id, attempt, payload from results",
      );

    it("loses no result of a machine whose connection ends again and again, while no coordinator lives too", async () => {
      const [one, other] = pair();
      const { busUrl: natsUrl, identity } = await enrolled("lab-1", one);
      expect(natsUrl).not.toContain("secret");
      const said: string[] = [];
      const { machineId } = identity;
      const agent = await MadeAgent.start({
        ...{ natsUrl, machineId, untilReceipt: true, mayReport: () => pause(TRIAL_MS) },
        as: { identity, onStatus: (status) => said.push(status) },
      });
      const sizes = Array.from({ length: TRIALS }, (_, index) => 32 + index).join(",");
      await one.json([
        ...["sweep", "run", "--detach", "--name", "asked", "--strategy", "grid", "--num-ctx", "1024"],
        ...["--num-batch", sizes],
      ]);
      await waitFor("some results", results, { until: ({ length }) => length > 3 });
      await one.process.kill();
      const before = count(said, "reconnect");
      await waitFor("that the other one answers", () => said, {
        until: (all) => count(all, "reconnect") > before,
      });
      await other.process.kill();
      await waitFor("that nobody answers", () => said, {
        until: (all) => all.lastIndexOf("disconnect") > all.lastIndexOf("reconnect"),
      });
      one.process.restart();
      other.process.restart();
      await waitFor("the end of the sweep", () => all.query<{ state: string }>("select state from sweeps"), {
        until: ([sweep]) => sweep?.state === "done",
        limitMs: 120_000,
      });
      // A receipt that is sent while the connection is away is sent again for the next copy of its result.
      const stored = await results();
      await waitFor("all receipts", () => agent.receipted.size, { until: (size) => size === stored.length });
      await agent.stop();
      const trials = await all.query<{ id: string; state: string }>("select id, state from trials");
      expect(new Set(trials.map(({ state }) => state))).toEqual(new Set(["done"]));
      expect(await results()).toHaveLength(stored.length);
      expect(stored.map((row) => row.trial_id).sort()).toEqual(trials.map(({ id }) => id).sort());
      const digests = stored.map(
        (row) =>
          [`${row.trial_id}/${row.attempt}`, createHash("sha256").update(row.payload).digest("hex")] as const,
      );
      expect(new Map(digests)).toEqual(agent.receipted);
      expect(count(said, "reconnect")).toBeGreaterThan(3);
    });

    it("cuts a machine that `ozone machine revoke` bars, and says that it will", async () => {
      const [one, other] = pair();
      await Promise.all([one.ready(), other.ready()]);
      const { busUrl: url, identity } = await enrolled("lab-2", other);
      const said: string[] = [];
      const bus = await connectBus({ url, identity, name: "lab-2", onStatus: (status) => said.push(status) });
      expect(await one.text(["machine", "revoke", "lab-2"])).toContain(
        "a NATS that asks the coordinators ends it within a minute",
      );
      const since = performance.now();
      await waitFor("that it is cut", () => said, { until: (all) => all.includes("disconnect") });
      expect(performance.now() - since).toBeLessThan(LIFE_MS + 2_000);
      await waitFor("that it is refused", () => said, { until: (all) => count(all, "error") > 1 });
      expect(count(said, "reconnect")).toBe(0);
      await bus.close();
      await expect(connectBus({ url, identity, name: "lab-2" })).rejects.toThrow(/refuses the key/);
      await one.json(["machine", "approve", "lab-2"]);
      await (await connectBus({ url, identity, name: "lab-2" })).close();
    });
  },
);
