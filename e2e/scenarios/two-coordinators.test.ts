// Two coordinators on one Postgres and one nats-server: one leads. It is killed in the middle of a sweep, the other one is
// stopped, and the sweep ends with each trial counted once. An agent that measures nothing: only who leads when is timed.
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Receiver } from "../../packages/coordinator/src/notifications/testing/receiver.ts";
import { type Coordinators, type OneCoordinator, openCoordinators } from "../setup/coordinators.ts";
import { MadeAgent } from "../setup/made-agent.ts";
import { waitFor } from "../setup/wait-for.ts";

const LEASE_MS = 2_000;
/** So long a trial takes: several are under way in the time of a lease. */
const TRIAL_MS = 400;
const TRIALS = 6;
/** The lease, the look after it (five in a lease), and room for a busy machine. */
const TAKE_OVER_MS_MAX = 5_000;

let all: Coordinators;
let [first, second]: OneCoordinator[] = [];
let agent: MadeAgent;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await Receiver.start();
  all = await openCoordinators({
    ...{ OZONE_LEADER_LEASE_MS: String(LEASE_MS), OZONE_LEASE_MS: "6000" },
    ...{ OZONE_WEBHOOK_URL: `${receiver.url}/T0K3N`, OZONE_WEBHOOK_SECRET: receiver.secret },
  });
  [first, second] = [await all.start("first"), await all.start("second")];
  const mayReport = () => pause(TRIAL_MS);
  agent = await MadeAgent.start({ natsUrl: all.natsUrl, machineId: "m-1", mayReport, untilReceipt: true });
});
afterAll(async () => {
  await agent?.stop();
  await all?.stop();
  await receiver?.stop();
});

const pair = (): [OneCoordinator, OneCoordinator] => {
  if (!first || !second) throw new Error("they were not started");
  return [first, second];
};

/** @returns milliseconds until it led */
async function untilItLeads(one: OneCoordinator, wanted = true): Promise<number> {
  const since = performance.now();
  await waitFor(`${one.name} ${wanted ? "leads" : "follows"}`, () => one.leads(), {
    until: (leads) => leads === wanted,
  });
  return performance.now() - since;
}

const resultsStored = async () =>
  (await all.query<{ results: number }>("select count(*)::int as results from results"))[0]?.results ?? 0;
const untilStored = (count: number) =>
  waitFor(`${count} results`, resultsStored, { until: (results) => results >= count });

interface Status {
  readonly status: { readonly leader: { name: string; term: string; isThisOne: boolean } };
}
const leaderAt = async (one: OneCoordinator) => (await one.json<Status>(["status"])).status.leader;

const startSweep = (by: OneCoordinator) =>
  by.json([
    ...["sweep", "run", "--detach", "--name", "two", "--strategy", "grid", "--num-ctx", "1024"],
    ...["--num-batch", Array.from({ length: TRIALS }, (_, index) => 32 + index).join(",")],
  ]);

describe("two coordinators on one Postgres", () => {
  it("have one leader and two that are ready, and both say who it is", async () => {
    const [leader, follower] = pair();
    expect([await leader.leads(), await follower.leads()]).toEqual([true, false]);
    expect((await follower.page("/readyz")).status).toBe(200);
    expect((await leader.page("/metrics")).text).toContain("\nozone_leader 1\n");
    expect((await follower.page("/metrics")).text).toContain("\nozone_leader 0\n");
    const { pid } = leader.process;
    const name = expect.stringContaining(`(pid ${pid})`);
    expect(await leaderAt(leader)).toMatchObject({ name, isThisOne: true });
    expect(await leaderAt(follower)).toMatchObject({ name, isThisOne: false });
  });

  it("count every trial of a sweep once, though the leader is killed and the next one stopped for a while", async () => {
    const [killed, stopped] = pair();
    await startSweep(stopped);
    await untilStored(1);
    await killed.process.kill();
    expect(await untilItLeads(stopped)).toBeLessThan(TAKE_OVER_MS_MAX);
    killed.process.restart();
    await untilStored((await resultsStored()) + 1);
    expect(await killed.leads()).toBe(false);

    stopped.signal("SIGSTOP");
    expect(await untilItLeads(killed)).toBeLessThan(TAKE_OVER_MS_MAX);
    await untilStored((await resultsStored()) + 1);
    stopped.signal("SIGCONT");
    await untilItLeads(stopped, false);
    await waitFor("that it notices", () => stopped.process.output, {
      until: (text) => text.includes("this coordinator follows (it led in term"),
    });

    await waitFor("the end of the sweep", () => all.query<{ state: string }>("select state from sweeps"), {
      until: ([sweep]) => sweep?.state === "done",
    });
    const trials = await all.query<{ id: string; state: string }>("select id, state from trials");
    expect(new Set(trials.map(({ state }) => state))).toEqual(new Set(["done"]));
    const results = await all.query<{ trial_id: string; attempt: number; payload: Buffer }>(
      "select trial_id, attempt, payload from results",
    );
    expect(results.map((row) => row.trial_id).sort()).toEqual(trials.map(({ id }) => id).sort());
    const digests = results.map(
      (row) =>
        [`${row.trial_id}/${row.attempt}`, createHash("sha256").update(row.payload).digest("hex")] as const,
    );
    expect(new Map(digests)).toEqual(agent.receipted);
  });

  it("tell the webhook of it once, whoever leads, and show its secrets nowhere", async () => {
    await waitFor("the notification", () => receiver.received, { until: ({ length }) => length > 0 });
    const [told] = receiver.received;
    expect(told).toMatchObject({ type: "sweep.done", data: { name: "two", state: "done" } });
    const id = told?.id;
    expect(new Set(receiver.received.map((each) => each.id))).toEqual(new Set([id]));
    const [, follower] = pair();
    const list = () => follower.json<{ notifications: object[] }>(["notification", "list"]);
    const { notifications } = await waitFor("that it is noted", list, {
      until: ({ notifications: [one] }) => (one as { state?: string })?.state === "delivered",
    });
    expect(notifications).toMatchObject([{ id, about: "two", answer: "HTTP 204" }]);
    const tested = await follower.json<{ delivered: boolean; receiver: string }>(["notification", "test"]);
    expect(tested).toMatchObject({ delivered: true, receiver: receiver.url });
    expect(receiver.received.at(-1)?.type).toBe("notification.test");
    const shown = pair().map(({ process: { output } }) => output);
    for (const secret of ["T0K3N", receiver.secret.slice(6)])
      expect(shown.join() + JSON.stringify(tested)).not.toContain(secret);
  });

  it("hand the lead over when the leader stops, and one that is killed alone leads again at once", async () => {
    const [leader, follower] = pair();
    const { term } = await leaderAt(follower);
    expect(await leader.process.stop()).toBe(0);
    expect(await untilItLeads(follower)).toBeLessThan(LEASE_MS);
    await follower.process.kill();
    follower.process.restart();
    await follower.ready();
    expect(await follower.leads()).toBe(true);
    const { isThisOne, term: after } = await leaderAt(follower);
    expect([isThisOne, Number(after)]).toEqual([true, Number(term) + 2]);
  });
});
