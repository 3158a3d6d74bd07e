// A hostile agent with a valid, approved identity, beside an honest machine whose sweep runs all the while: whatever it sends,
// nothing outside its own trials changes. What it may do on the bus: hostile-bus.test.ts.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@ozone/proto/machine";
import {
  FailureSchema,
  ReceiptOutcome,
  type TrialOrder,
  type TrialResult,
  Verdict,
} from "@ozone/proto/trial";
import {
  announce,
  encodeResult,
  makeMachineKey,
  onReceipt,
  publishResultBytes,
  sendHeartbeat,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Enrolled } from "../../packages/agent/src/enrolment/enrol.ts";
import { madeResult } from "../../packages/coordinator/src/testing/made-results.ts";
import { madeAnnouncement } from "../../packages/coordinator/src/testing/made-sweep.ts";
import { type ArrivedMachine, EnrolledMachines } from "../setup/enrolled-machines.ts";
import { HOSTILE_NAMES } from "../setup/hostile-messages.ts";
import { MadeAgent } from "../setup/made-agent.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";
import { memoryBytes, othersThan } from "../setup/what-others-have.ts";

const MIB = 1024 * 1024;
/** Control characters but for tabs and ends of lines, and what turns or hides text. */
const HOSTILE_ON_A_SCREEN = /(?![\n\t])[\p{Cc}\p{Cf}]/u;
const ALL_NAMES = HOSTILE_NAMES.join(" ");
const SWEEP =
  "--strategy grid --model ozone-synthetic:4m --num-ctx 1024 --num-batch 64,128,256,512 --num-predict 64";

let stack: Stack;
let machines: EnrolledMachines;
let honest: MadeAgent;
let victim: string;
let liar: ArrivedMachine;
let identity: Enrolled;
const receipts: { attempt: string; outcome: ReceiptOutcome; reason: string }[] = [];
let unlisten: () => void;
/** The honest machine has taken its first order, and does not report before this. */
let openGate: () => void = () => undefined;
const gate = new Promise<void>((resolve) => {
  openGate = resolve;
});
let before: Record<string, unknown[]>;
const others = () => othersThan(stack, liar.machineId);
let memoryAtFirst: number;

const startSweep = async (machineId: string): Promise<string> =>
  (
    await stack.json<{ sweep: { id: string } }>([
      ...["sweep", "run", "--detach", "--machine", machineId],
      ...SWEEP.split(" "),
    ])
  ).sweep.id;

beforeAll(async () => {
  stack = await Stack.start();
  machines = await EnrolledMachines.of(stack);
  const other = await machines.enrolAs("honest", await machines.newToken());
  victim = other.identity.machineId;
  const mayReport = () => gate;
  const as = { identity: other.identity };
  honest = await MadeAgent.start({ natsUrl: other.busUrl, as, machineId: victim, mayReport });
  identity = await machines.enrolAs("liar", await machines.newToken());
  liar = await machines.arrive("liar", identity);
  unlisten = onReceipt(liar.bus, liar.machineId, ({ trialId, attempt, outcome, reason }) =>
    receipts.push({ attempt: `${trialId}/${attempt}`, outcome, reason }),
  );
  await startSweep(victim);
  const running = `select id from trials where machine_id = '${victim}' and state = 'running'`;
  await waitFor("the honest machine at work", () => stack.query(running), {
    until: ({ length }) => length === 1,
  });
  await startSweep(liar.machineId);
  memoryAtFirst = await memoryBytes(stack);
  before = await others();
});
afterAll(async () => {
  openGate();
  unlisten?.();
  await honest?.stop();
  await machines?.close();
  await stack?.stop();
});
/** While the liar is at work: what the honest machine then does is looked at by itself. */
afterEach(async ({ task }) => {
  if (task.suite?.name !== "the honest machine") expect(await others()).toEqual(before);
});

/** The liar's next order, as it stands in the pipe until it is let go. */
async function nextOrder(): Promise<{ order: TrialOrder; done(): void }> {
  const taken = await takeTrialOrder(liar.bus, liar.machineId, {
    waitMs: 20_000,
    signal: AbortSignal.timeout(20_000),
  });
  if (!taken) throw new Error("the liar was given no order");
  await sendHeartbeat(
    liar.bus,
    create(HeartbeatSchema, {
      machineId: liar.machineId,
      trialId: taken.order.trialId,
      attempt: taken.order.attempt,
    }),
  );
  return taken;
}

/** An honest answer to an order, but for what is changed. */
function answerTo(
  { trialId, attempt, sweepId, purpose, configuration }: TrialOrder,
  change: Partial<TrialResult> = {},
): TrialResult {
  const made = madeResult({
    ...{ trialId, attempt, machineId: liar.machineId, purpose },
    ...(configuration ? { configuration } : {}),
  });
  return { ...made, sweepId, ...change };
}

const send = (result: TrialResult) =>
  publishResultBytes(liar.bus, liar.machineId, {
    trialId: result.trialId,
    attempt: result.attempt,
    payload: encodeResult(result),
  });

/** What the intake says of it. */
async function said(result: TrialResult): Promise<string> {
  const count = receipts.length;
  await send(result);
  const all = await waitFor("a receipt", () => receipts, { until: ({ length }) => length > count });
  const { outcome, reason } = all[count] ?? { outcome: ReceiptOutcome.UNSPECIFIED, reason: "" };
  return `${ReceiptOutcome[outcome]}: ${reason}`;
}

/** The same of an answer to its next order; leases run out meanwhile, and orders of before lie in the pipe. */
async function saidInTime(change: Partial<TrialResult>): Promise<string> {
  for (;;) {
    const { order, done } = await nextOrder();
    const words = await said(answerTo(order, change));
    done();
    if (!words.startsWith("STALE")) return words;
  }
}

const trialOf = async (machineId: string, state: string): Promise<string> =>
  (
    await stack.query<{ id: string }>(
      `select id from trials where machine_id = '${machineId}' and state = '${state}' order by ordinal`,
    )
  )[0]?.id ?? "";

describe("forged results", () => {
  it("for the trial that another machine is running are refused, in its own name and in the other's", async () => {
    const trialId = await trialOf(victim, "running");
    const own = madeResult({ trialId, machineId: liar.machineId });
    expect(await said(own)).toBe(`REFUSED: Trial ${trialId} belongs to another machine.`);
    expect(await said(madeResult({ trialId, machineId: victim }))).toMatch(
      /^REFUSED: .*the machine it names is not the one that sent it/,
    );
    const crash = madeResult({ trialId, machineId: liar.machineId, failureClass: "engine_crashed" });
    expect(await said(crash)).toMatch(/^REFUSED: .*belongs to another machine/);
  });

  it("without a lease change nothing: for no trial, for an attempt that was never opened, for a trial that waits", async () => {
    const { order } = await nextOrder();
    expect(await said(answerTo(order, { trialId: "t-none" }))).toBe("REFUSED: There is no trial t-none.");
    expect(await said(answerTo(order, { attempt: 7 }))).toMatch(/^STALE: Attempt 7 .*attempt 1 counts/);
    const waiting = await trialOf(liar.machineId, "planned");
    expect(await said(answerTo(order, { trialId: waiting }))).toMatch(/^STALE: /);
  });

  it("under the name of another's sweep or of another model do not count", async () => {
    const sweepId = (await stack.query<{ id: string }>("select id from sweeps order by created_at"))[0]?.id;
    const claims: [Partial<TrialResult>, RegExp][] = [
      [{ sweepId: sweepId ?? "" }, /another sweep/],
      [{ modelDigest: "sha256:other" }, /another model/],
    ];
    for (const [change, why] of claims) {
      const { order, done } = await nextOrder();
      expect(await said(answerTo(order, change))).toMatch(why);
      done();
    }
  });

  it("of impossible speed do not count", async () => {
    const { order, done } = await nextOrder();
    const { samples } = answerTo(order);
    const fast = samples.map((sample) => ({ ...sample, decodeTokensPerSecond: 1e7 }));
    expect(await said(answerTo(order, { samples: fast }))).toMatch(/^REFUSED: .*faster than any machine/);
    done();
  });

  it("sent fifty times count once", async () => {
    const { order, done } = await nextOrder();
    const answers: string[] = [];
    for (let sending = 0; sending < 50; sending += 1) answers.push(await said(answerTo(order)));
    expect(answers).toEqual(["STORED: ", ...Array<string>(49).fill("DUPLICATE: ")]);
    const rows = await stack.query(`select 1 from results where machine_id = '${liar.machineId}'`);
    expect(rows.length).toBe(1);
    done();
  });
});

describe("enrolments", () => {
  it("with one token, a hundred at once, make one machine", async () => {
    const token = await machines.newToken();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, number) => machines.rawEnroll(token, `m-replay${number}`)),
    );
    expect(answers.filter((answer) => answer === "enrolled")).toHaveLength(1);
    expect(new Set(answers.filter((answer) => answer !== "enrolled"))).toEqual(
      new Set([
        "This token was used already; an administrator can make another with `ozone enroll token create`.",
      ]),
    );
  });

  it("that were overheard are worth nothing, and the same key a hundred times is one machine", async () => {
    const [token, key] = [await machines.newToken(), makeMachineKey()];
    const overheard = await machines.enrolmentOf(token, "m-replay-once", key);
    expect(await machines.answerTo(overheard)).toBe("enrolled");
    const thief = { ...overheard, publicKey: makeMachineKey().publicKey };
    const replayed = await Promise.all(Array.from({ length: 100 }, () => machines.answerTo(overheard)));
    // Whoever says the same again is told the same again: it is the same key's place, and nobody else's.
    expect(new Set(replayed)).toEqual(new Set(["enrolled"]));
    expect(await machines.answerTo(thief)).toMatch(/signature/i);
    const again = await Promise.all(
      Array.from({ length: 20 }, () => machines.rawEnroll(token, "m-replay-once", key)),
    );
    expect(new Set(again)).toEqual(new Set(["enrolled"]));
    const ids = (await machines.known()).map(({ machineId }) => machineId);
    expect(ids.filter((id) => id.startsWith("m-replay"))).toHaveLength(2);
  });

  it("of many megabytes are refused before they are read", async () => {
    const request = await machines.enrolmentOf("x", "m-replay-big");
    const answer = machines.answerTo({ ...request, token: "x".repeat(64 * MIB) });
    expect(await answer).toMatch(/larger|exceed|too large|RESOURCE_EXHAUSTED/i);
  });
});

describe("hostile names", () => {
  /** All that people look at, as it is printed. */
  async function screens(): Promise<string[]> {
    const sweep = (await stack.query<{ id: string }>("select id from sweeps order by created_at desc"))[0];
    const words = [
      ["machine", "list"],
      ["machine", "show", liar.machineId],
      ["sweep", "list"],
      ["sweep", "show", sweep?.id ?? ""],
      ["preset", "list"],
      ["quarantine", "list"],
      ["audit", "list"],
    ];
    const shown = await Promise.all(words.map((each) => stack.ozone(each)));
    expect(shown.map(({ code, stderr }) => [code, stderr])).toEqual(words.map(() => [0, ""]));
    return shown.map(({ stdout }) => stdout);
  }

  it("are data on every screen and in every file of a report", async () => {
    const announcement = madeAnnouncement(liar.machineId);
    const facts = JSON.parse(announcement.factsJson) as { cpu: { brand: string }; notes: string[] };
    facts.cpu.brand = ALL_NAMES;
    facts.notes.push(...HOSTILE_NAMES);
    const [known] = announcement.models;
    const models = HOSTILE_NAMES.map((name) => ({ ...known, name }));
    const reply = await announce(liar.bus, {
      ...announcement,
      ...{ name: HOSTILE_NAMES.slice(0, 2).join(" "), factsJson: JSON.stringify(facts) },
      models: [known, ...models],
    } as typeof announcement);
    expect(reply).toMatchObject({ accepted: true });
    const crash = { failureClass: "engine_crashed", message: ALL_NAMES };
    const failed = { verdict: Verdict.FAILED, failure: create(FailureSchema, crash), samples: [] };
    expect(await saidInTime(failed)).toBe("STORED: ");
    expect(await saidInTime({ modelName: ALL_NAMES })).toMatch(/^REFUSED: .*a text is too long or hostile/);
    expect(await saidInTime({ modelName: ALL_NAMES.replaceAll("\0", "") })).toBe("STORED: ");
    for (const screen of await screens()) expect(screen).not.toMatch(HOSTILE_ON_A_SCREEN);

    const folder = await mkdtemp(join(tmpdir(), "ozone-hostile-"));
    try {
      const built = await stack.ozone(["report", "build", "--out", join(folder, "report")]);
      expect([built.code, built.stderr]).toEqual([0, ""]);
      expect(await readdir(folder)).toEqual(["report"]);
      for (const file of await readdir(join(folder, "report"), { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue;
        const text = await readFile(join(file.parentPath, file.name), "utf8");
        expect(text, file.name).not.toMatch(HOSTILE_ON_A_SCREEN);
        if (file.name.endsWith(".html")) expect(text).not.toMatch(/<script>alert|<img src=x/);
        if (file.name.endsWith(".csv")) expect(text).not.toMatch(/(^|,)"?=cmd/m);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("and facts without end are refused or cut, and the coordinator has not grown", async () => {
    const announcement = madeAnnouncement(liar.machineId);
    const deep = { ...announcement, factsJson: `${"[".repeat(200_000)}${"]".repeat(200_000)}` };
    const replies = [await announce(liar.bus, deep as typeof announcement)];
    const model = announcement.models[0];
    const many = Array.from({ length: 20_000 }, (_, number) => ({ ...model, name: `m${number}` }));
    replies.push(await announce(liar.bus, { ...announcement, models: many } as typeof announcement));
    expect(replies.map(({ accepted }) => accepted)).toEqual([false, false]);
    const grownBytes = (await memoryBytes(stack)) - memoryAtFirst;
    process.stdout.write(`the coordinator grew by ${Math.round(grownBytes / MIB)} MiB in all of this\n`);
    expect(grownBytes).toBeLessThan(250 * MIB);
  });
});

describe("the honest machine", () => {
  it("ends its sweep with every trial counted once, all of it measured by itself", async () => {
    openGate();
    const [sweep] = await stack.query<{ id: string }>("select id from sweeps order by created_at");
    const shown = () =>
      stack.json<{ sweep: { state: string } }>(["sweep", "show", sweep?.id ?? ""]).then((it) => it.sweep);
    await waitFor("the end of the honest sweep", shown, {
      until: ({ state }) => state === "SWEEP_STATE_DONE",
    });
    const trials = await stack.query<{ id: string; state: string; attempt: number }>(
      `select id, state, attempt from trials where sweep_id = '${sweep?.id}'`,
    );
    expect(new Set(trials.map(({ state, attempt }) => `${state} ${attempt}`))).toEqual(new Set(["done 1"]));
    const counted = await stack.query<{ machine_id: string; rate: number }>(
      `select machine_id, decode_tokens_per_second as rate from results join samples using (trial_id, attempt) where sweep_id = '${sweep?.id}'`,
    );
    expect(new Set(counted.map((row) => row.machine_id))).toEqual(new Set([victim]));
    // What the made agent answers: 100 and a hundredth of num_batch.
    expect(counted.every(({ rate }) => rate >= 100 && rate <= 106)).toBe(true);
    const kept = await stack.query(`select 1 from quarantine where machine_id = '${victim}'`);
    expect(kept).toEqual([]);
  });
});
