// Who leads, and what a leader that was left behind may still do, on a real Postgres with several coordinators' connections.
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../embedded/testing/stage.ts";
import { recordResults } from "../intake/record-results.ts";
import { type Candidate, holdTerm, readLead, takeLead } from "../store/leadership.ts";
import { openStore, type Store } from "../store/open-store.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { createCandidacy } from "./candidacy.ts";
import { fencedStore } from "./fenced-store.ts";

const LEASE_MS = 400;
const made = (id: string): Candidate => ({ id, name: `host of ${id}`, leaseMs: LEASE_MS });

let parts: RealParts;
let url: string;
// Each with a pool of its own, as coordinators have.
let one: Store;
let other: Store;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts?.close());
beforeEach(async () => {
  url = await parts.newDatabase();
  one = await openStore(url, () => undefined);
  other = await openStore(url, () => undefined);
});
afterEach(async () => {
  await one.close();
  await other.close();
});

const leaseEnds = () =>
  eventually(
    () => readLead(one.db),
    (lead) => (lead?.leftMs ?? 1) <= 0,
  );

describe("the lead of several coordinators", () => {
  it("goes to one of those that start together, and the others follow while it is renewed", async () => {
    const all = ["a", "b", "c", "d"].map((id, index) => createCandidacy(index % 2 ? one : other, made(id)));
    const terms = await Promise.all(all.map((each) => each.look()));
    expect(terms.filter((term) => term !== null)).toEqual([1]);
    expect(all.filter((each) => each.leads())).toHaveLength(1);
    const again = await Promise.all(all.map((each) => each.look()));
    expect(again).toEqual(terms);
  });

  it("is taken over when its lease has ended, under the next term, and the one before learns it at its next look", async () => {
    const [before, after] = [createCandidacy(one, made("a")), createCandidacy(other, made("b"))];
    expect([await before.look(), await after.look()]).toEqual([1, null]);
    await leaseEnds();
    expect(before.leads()).toBe(false);
    expect(await after.look()).toBe(2);
    expect(await before.look()).toBeNull();
    expect(await readLead(one.db)).toMatchObject({ term: 2, holder: "b", name: "host of b" });
  });

  it("is kept by whoever renews it after its end, if nobody took it meanwhile", async () => {
    const alone = createCandidacy(one, made("a"));
    await alone.look();
    await leaseEnds();
    expect(await alone.look()).toBe(1);
    expect(alone.leads()).toBe(true);
  });

  it("is free at once when it was given back", async () => {
    const [before, after] = [createCandidacy(one, made("a")), createCandidacy(other, made("b"))];
    await before.look();
    await before.giveBack();
    expect(before.leads()).toBe(false);
    expect(await after.look()).toBe(2);
  });

  it("is given up by one that was not fit for a whole lease, who does not take it before it is", async () => {
    let fit = true;
    const cutOff = createCandidacy(one, made("a"), async () => fit);
    const after = createCandidacy(other, made("b"));
    expect(await cutOff.look()).toBe(1);
    fit = false;
    expect(await cutOff.look()).toBe(1);
    await eventually(
      () => cutOff.look(),
      (term) => term === null,
    );
    expect((await readLead(one.db))?.leftMs).toBeLessThanOrEqual(0);
    expect([await cutOff.look(), await after.look()]).toEqual([null, 2]);
    await after.giveBack();
    fit = true;
    expect(await cutOff.look()).toBe(3);
  });

  it("is free at once for a restart on the same data folder, and only at its first look", async () => {
    await createCandidacy(one, made("a")).look();
    expect(await createCandidacy(other, made("b")).look()).toBeNull();
    const restarted = createCandidacy(one, made("a"));
    expect(await restarted.look()).toBe(2);
    await createCandidacy(other, made("a")).look();
    expect(await restarted.look()).toBeNull();
    expect(await restarted.look()).toBeNull();
  });
});

describe("a leader that was left behind", () => {
  const takeOver = async () => {
    await leaseEnds();
    return eventually(
      () => takeLead(other.db, made("b"), false),
      (term) => term !== null,
    );
  };

  it("writes nothing: its transactions fail, and it is told", async () => {
    const term = (await takeLead(one.db, made("a"), false)) ?? 0;
    let told = 0;
    const fenced = fencedStore(one, term, () => {
      told += 1;
    });
    await fenced.db.transaction((tx) => tx.execute("create table written (by_whom text)"));
    await fenced.ping();
    await takeOver();
    const write = fenced.db.transaction((tx) => tx.execute("insert into written values ('left behind')"));
    await expect(write).rejects.toThrow("Another coordinator has taken the lead");
    expect(told).toBe(1);
    expect((await one.db.execute("select 1 from written")).rows).toEqual([]);
    await expect(fenced.ping()).rejects.toThrow("Another coordinator has taken the lead");
  });

  it("neither counts nor quarantines nor acknowledges the results that it had fetched", async () => {
    const term = (await takeLead(one.db, made("a"), false)) ?? 0;
    const fenced = fencedStore(one, term, () => undefined);
    await takeOver();
    const fetched = {
      ...{ machineId: "m-1", payload: new Uint8Array([1, 2, 3]), attempt: { trialId: "t-1", attempt: 1 } },
      ...{ deliveries: 1, acknowledge: () => expect.unreachable("acknowledged") },
    };
    await expect(recordResults(fenced, [fetched])).rejects.toThrow("Another coordinator has taken the lead");
    const { rows } = await one.db.execute("select 1 from quarantine");
    expect(rows).toEqual([]);
  });

  it("holds the lead back while a transaction of its is under way, and not for longer than a lease when it is stopped in it", async () => {
    const term = (await takeLead(one.db, made("a"), false)) ?? 0;
    // As a stopped process: its connection stays, and no word comes any more.
    const stopped = new pg.Client({ connectionString: url, application_name: "ozone-coordinator" });
    stopped.on("error", () => undefined);
    await stopped.connect();
    await stopped.query("begin");
    await stopped.query("select 1 from leadership where term = $1 for key share", [term]);
    await leaseEnds();
    expect(await takeLead(other.db, made("b"), false)).toBeNull();
    expect(await takeOver()).toBe(term + 1);
    await expect(stopped.query("commit")).rejects.toThrow();
  });

  it("waits for a take-over that is under way, and does not write after it", async () => {
    const term = (await takeLead(one.db, made("a"), false)) ?? 0;
    const taking = new pg.Client({ connectionString: url });
    await taking.connect();
    await taking.query("begin");
    await taking.query("update leadership set term = term + 1, holder = 'b'");
    const said: string[] = [];
    const write = fencedStore(one, term, () => said.push("lost"))
      .db.transaction(async () => said.push("written"))
      .catch(() => undefined);
    await eventually(
      () => taking.query("select 1 from pg_locks where not granted"),
      ({ rowCount }) => rowCount === 1,
    );
    await taking.query("commit");
    await write;
    await taking.end();
    expect(said).toEqual(["lost"]);
  });

  it("renews while its transactions hold the term, and they do not wait for each other", async () => {
    const candidacy = createCandidacy(one, made("a"));
    const term = (await candidacy.look()) ?? 0;
    await one.db.transaction(async (tx) => {
      expect(await holdTerm(tx, term)).toBe(true);
      await other.db.transaction(async (second) => expect(await holdTerm(second, term)).toBe(true));
      expect(await candidacy.look()).toBe(term);
    });
  });
});
