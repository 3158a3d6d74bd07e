// An outbox with results that can't be read or can't be sent: the shipped sender on a real bus, receipts by hand.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { ReceiptOutcome, ReceiptSchema, WarningSchema } from "@ozone/proto/trial";
import {
  type ArrivedResult,
  type Bus,
  connectBus,
  encodeResult,
  ensureStreams,
  fetchResults,
  publishReceipt,
} from "@ozone/shared/bus";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { type Journal, openJournal } from "../../packages/agent/src/outbox/journal.ts";
import { type Outbox, openOutbox } from "../../packages/agent/src/outbox/outbox.ts";
import { unpackResult } from "../../packages/agent/src/outbox/outbox-file.ts";
import { type Sender, startSender } from "../../packages/agent/src/outbox/send-results.ts";
import { reconcile } from "../../packages/agent/src/start-agent.ts";
import { startNats } from "../../packages/coordinator/src/embedded/nats-server.ts";
import { testNatsServer } from "../../packages/coordinator/src/embedded/testing/stage.ts";
import { parseResult } from "../../packages/coordinator/src/intake/validate-result.ts";
import { madeResult } from "../../packages/coordinator/src/testing/made-results.ts";
import { waitFor } from "../setup/wait-for.ts";

const MACHINE = "m-1";
const nothing = () => undefined;
const natsDir = newFolder();
let nats: Awaited<ReturnType<typeof startNats>>;
let bus: Bus;
let folder: string;
let outbox: Outbox;
let journal: Journal;
let sender: Sender | null;
let lines: string[];

beforeAll(async () => {
  const binary = (await testNatsServer()).path;
  nats = await startNats({ dataDir: join(natsDir, "bus"), log: nothing, binary });
});
afterAll(async () => {
  await nats?.stop();
  removeFolders();
});
beforeEach(async () => {
  bus = await connectBus({ url: nats.url, name: "test" });
  await ensureStreams(bus);
  await (await bus.connection.jetstreamManager()).streams.purge("OZONE_RESULTS");
  folder = newFolder();
  lines = [];
  sender = null;
  outbox = await openOutbox(join(folder, "outbox"), log);
  journal = await openJournal(folder, log);
});
afterEach(async () => {
  await sender?.stop();
  await bus.close();
});

const log = (line: string) => void lines.push(line);
const start = (over: Bus = bus) => {
  sender = startSender({ bus: over, machineId: MACHINE, outbox, journal, log });
};
const made = (trialId: string, extra = 0) => {
  const result = madeResult({ trialId, machineId: MACHINE, decode: [50, 51] });
  if (extra > 0) result.warnings = [create(WarningSchema, { code: "long", message: "x".repeat(extra) })];
  return encodeResult(result);
};
const put = (trialId: string, extra = 0) => outbox.put(trialId, 1, made(trialId, extra));
const fileOf = (key: string) => join(folder, "outbox", `${key}.result`);

/** What comes of the trial, receipted; others that come before it are receipted, too. */
async function arrivalOf(trialId: string): Promise<ArrivedResult> {
  const all: ArrivedResult[] = [];
  const come = async () => {
    for (const one of await fetchResults(bus, 10, 1_000)) {
      one.acknowledge();
      all.push(one);
      if (!one.attempt) continue;
      const { trialId: id, attempt } = one.attempt;
      publishReceipt(
        bus,
        MACHINE,
        create(ReceiptSchema, { trialId: id, attempt, outcome: ReceiptOutcome.STORED }),
      );
    }
    return [all.map(({ attempt }) => attempt?.trialId), lines];
  };
  const isThere = () => all.find(({ attempt }) => attempt?.trialId === trialId);
  await waitFor(`the result of ${trialId}`, come, { until: () => isThere() !== undefined, limitMs: 20_000 });
  const found = isThere();
  if (!found) throw new Error("it was there");
  return found;
}
const toldOf = (words: string) => lines.filter((line) => line.includes(words));
const emptied = () =>
  waitFor("an empty outbox", () => [outbox.pending(), lines], {
    until: () => outbox.pending().length === 0,
  });

describe("a result that can't be read", () => {
  it("is told of once, keeps no other from being sent, and is sent when it can be", async () => {
    await put("t-1");
    await rename(fileOf("t-1.1"), join(folder, "kept"));
    await mkdir(fileOf("t-1.1"));
    await put("t-2");
    start();
    await arrivalOf("t-2");
    await put("t-3");
    sender?.wake();
    await arrivalOf("t-3");
    expect(toldOf("t-1.1")).toEqual([
      expect.stringMatching(/^result t-1\.1 can't be read \(EISDIR.*it stays/),
    ]);
    await waitFor("the receipts of the others", () => outbox.pending(), {
      until: (pending) => pending.join() === "t-1.1",
    });
    await rm(fileOf("t-1.1"), { recursive: true });
    await rename(join(folder, "kept"), fileOf("t-1.1"));
    sender?.wake();
    await arrivalOf("t-1");
    await emptied();
  });

  it("does not keep an agent from starting", async () => {
    for (const trialId of ["t-1", "t-2"]) await put(trialId);
    await rm(fileOf("t-1.1"));
    await mkdir(fileOf("t-1.1"));
    await reconcile(outbox, journal);
    expect([journal.isFinished("t-1", 1), journal.isFinished("t-2", 1)]).toEqual([false, true]);
  });

  it("waits no more when somebody has removed it, which is told", async () => {
    for (const trialId of ["t-1", "t-2"]) await put(trialId);
    await rm(fileOf("t-1.1"));
    start();
    await arrivalOf("t-2");
    await emptied();
    expect(toldOf("t-1.1")).toEqual([expect.stringContaining("The stored result t-1.1 was removed from")]);
  });

  it("is none of ours by its name: it is left where it is, and told of at the start", async () => {
    await mkdir(fileOf("of somebody else.1"));
    outbox = await openOutbox(join(folder, "outbox"), log);
    expect(outbox.pending()).toEqual([]);
    expect(toldOf("of somebody else.1.result is no result of this agent")).toHaveLength(1);
  });
});

describe("a result that is larger than the bus takes", () => {
  const asides = () => readdir(join(folder, "outbox", "too-large"));

  it("is kept on disk as it was, and its attempt arrives as failed; the others arrive as well", async () => {
    await put("t-1", 1_048_576);
    await put("t-2");
    start();
    await arrivalOf("t-2");
    await put("t-3", 1_048_576 - 700);
    sender?.wake();
    const { payload } = await arrivalOf("t-3");
    expect(parseResult(payload, MACHINE).failure?.message).toMatch(/^The result had \d+ bytes, more than/);
    await emptied();
    const [first = "", ...more] = (await asides()).sort();
    expect([first, more.length]).toEqual([expect.stringMatching(/^t-1\.1\.\d+-bytes\.result$/), 1]);
    const kept = await readFile(join(folder, "outbox", "too-large", first));
    expect(Buffer.compare(unpackResult(kept) ?? Buffer.of(), made("t-1", 1_048_576))).toBe(0);
    expect(toldOf("result t-1.1 has")).toHaveLength(1);
  });

  it("says what the coordinator understands: the same attempt, failed inside the agent", async () => {
    await put("t-1", 1_048_576);
    start();
    const result = parseResult((await arrivalOf("t-1")).payload, MACHINE);
    expect(result).toMatchObject({ trialId: "t-1", attempt: 1, failure: { failureClass: "internal" } });
    const { configuration, modelDigest, purpose, sweepId, conditions } = madeResult({ trialId: "t-1" });
    expect(result).toMatchObject({ configuration, modelDigest, purpose, sweepId, conditions, samples: [] });
  });

  it("has given its place in the outbox and in the journal to the failed one, before any receipt", async () => {
    await put("t-1", 1_048_576);
    start();
    await waitFor("the word about it", () => lines, { until: () => toldOf("is kept as").length > 0 });
    const waiting = await (await openOutbox(join(folder, "outbox"), log)).read("t-1.1");
    expect(parseResult(waiting ?? new Uint8Array(), MACHINE).failure?.failureClass).toBe("internal");
    const digest = createHash("sha256")
      .update(waiting ?? "")
      .digest("hex");
    expect(await readFile(join(folder, "journal.jsonl"), "utf8")).toContain(digest);
  });

  it("is replaced as well when the stream takes less than the server said", async () => {
    const { streams } = await bus.connection.jetstreamManager();
    await streams.update("OZONE_RESULTS", { max_msg_size: 20_000 });
    try {
      await put("t-1", 30_000);
      await put("t-2");
      start();
      await arrivalOf("t-1");
      await arrivalOf("t-2");
      await emptied();
      expect(await asides()).toHaveLength(1);
    } finally {
      await streams.update("OZONE_RESULTS", { max_msg_size: 1_048_576 });
    }
  });

  it("is set aside and told of where nothing can go in its place", async () => {
    await outbox.put("t-1", 1, new Uint8Array(1_048_577).fill(255));
    await put("t-2");
    start();
    await arrivalOf("t-2");
    await emptied();
    expect(await asides()).toEqual(["t-1.1.1048577-bytes.result"]);
    expect(toldOf("t-1.1")).toEqual([expect.stringContaining("the trial will be run again")]);
  });
});

describe("a bus that is away", () => {
  it("ends the round at its first result; the next round begins with another", async () => {
    const away = await connectBus({ url: nats.url, name: "away" });
    for (const trialId of ["t-1", "t-2", "t-3"]) await put(trialId);
    await away.connection.drain();
    const still = {
      ...away,
      connection: Object.assign(Object.create(bus.connection), {
        jetstream: () => away.connection.jetstream(),
      }),
    };
    start(still);
    for (const failures of [1, 2, 3]) {
      await waitFor("the end of a round", () => lines, { until: () => lines.length === failures });
      sender?.wake();
    }
    expect(lines.slice(0, 3).map((line) => line.split(" could not be sent")[0])).toEqual([
      "result t-1.1",
      "result t-2.1",
      "result t-3.1",
    ]);
  });
});
