// What one machine may put into quarantine, on a real Postgres.
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import type { Store } from "./open-store.ts";
import { countQuarantine, listQuarantine, quarantineMessage } from "./quarantine.ts";

const KIB = 1024;

let parts: RealParts;
let store: Store;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
});
beforeEach(async () => {
  store = await parts.newStore();
});

const keep = (machineId: string, payload: Uint8Array) =>
  quarantineMessage(store.db, { machineId, reason: "not understood", payload, signature: null });

describe("one machine's share of quarantine", () => {
  it("is 16 MiB, whatever it sends, and others still have theirs", async () => {
    for (let number = 0; number < 70; number += 1)
      await keep("flooder", Buffer.alloc(300 * KIB, `message ${number}`));
    await keep("bystander", Buffer.from("one"));
    const kept = await listQuarantine(store.db, "", 100);
    const bytes = kept.map(({ machineId, keptBytes }) => (machineId === "flooder" ? keptBytes : 0));
    expect(bytes.reduce((sum, one) => sum + one, 0)).toBe(16 * KIB * KIB);
    expect(kept.filter(({ machineId }) => machineId === "bystander")).toHaveLength(1);
  });

  it("is a thousand messages, however small they are", async () => {
    await store.db.execute(sql`
      insert into quarantine (machine_id, reason, digest, payload)
      select 'flooder', 'not understood', 'd' || n, decode('00', 'hex') from generate_series(1, 999) n`);
    await keep("flooder", Buffer.from("the thousandth"));
    await keep("flooder", Buffer.from("one too many"));
    expect(await countQuarantine(store.db)).toBe(1_000);
  });
});
