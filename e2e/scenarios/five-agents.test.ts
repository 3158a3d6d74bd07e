// Five machines of a lab, each on a host of its own, with TLS and permissions on: enrolled by the fingerprint of the CA, approved,
// one sweep over all of them, one cut off and back, one revoked in the middle. Nothing is timed.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lab, type LabMachine } from "../setup/lab.ts";
import { waitFor } from "../setup/wait-for.ts";

interface Shown {
  readonly sweep: { readonly id: string; readonly state: string };
  readonly trials: readonly {
    readonly machineId: string;
    readonly state: string;
    readonly configuration: { readonly numBatch: number };
  }[];
}

const COUNT = 5;
/** Five agents measure at once, and whoever runs the tests may have two cores for them and other stacks. */
const BUSY_LIMIT_MS = 150_000;
let lab: Lab;
const ids = new Map<LabMachine, string>();

beforeAll(async () => {
  lab = await Lab.start(COUNT);
  if (!lab.isApart)
    process.stdout.write(
      "no network namespaces here: five agents on loopback, being cut off is played by SIGSTOP\n",
    );
});
afterAll(async () => {
  await lab?.stop();
});

const machineAt = (index: number): LabMachine => {
  const machine = lab.machines[index];
  if (!machine) throw new Error(`there is no machine ${index}`);
  return machine;
};
const idOf = (machine: LabMachine): string => ids.get(machine) ?? "";
const statusOf = async (machine: LabMachine): Promise<string> => {
  const { machines } = await lab.stack.json<{ machines: { id: string; status: string }[] }>([
    "machine",
    "list",
  ]);
  return machines.find(({ id }) => id === idOf(machine))?.status ?? "unknown";
};

/** Cuts a machine off: its link goes down; without a link of its own its agent stands still. */
function cutOff(machine: LabMachine, isCut: boolean): void {
  if (machine.host) machine.host.link(isCut ? "down" : "up");
  else process.kill(machine.agent?.pid ?? -1, isCut ? "SIGSTOP" : "SIGCONT");
}

const outboxOf = ({ folder }: LabMachine): string[] =>
  readdirSync(join(folder, "outbox")).filter((name) => name !== "damaged" && !name.endsWith(".draft"));

describe("five agents on hosts of their own", () => {
  it("enrol by the fingerprint of the CA, wait for a word, and work with nothing but their identity", async () => {
    const made = await lab.stack.json<{ caFingerprint: string; tokens: { secret: string }[] }>([
      ...["enroll", "token", "create", "--count", String(COUNT)],
    ]);
    const enrolments = lab.machines.map((machine, index) =>
      lab.enroll(machine, made.tokens[index]?.secret ?? "", made.caFingerprint),
    );
    const listed = () => lab.stack.ozone(["machine", "list"]);
    await waitFor("five machines that wait", listed, {
      until: ({ stdout }) =>
        lab.machines.every(({ name }) => stdout.includes(`(${name}): waits for approval`)),
    });
    const unasked = await lab.stack.ozone(["machine", "approve", "--waiting"]);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("add --yes")]);
    const approved = await lab.stack.json<{ approved: unknown[] }>([
      "machine",
      "approve",
      "--waiting",
      "--yes",
    ]);
    expect(approved.approved).toHaveLength(COUNT);
    for (const { code, stderr } of await Promise.all(enrolments))
      expect([code, stderr]).toEqual([0, expect.any(String)]);
    const begun = await Promise.all(lab.machines.map((machine) => lab.begin(machine)));
    for (const [index, machine] of lab.machines.entries()) ids.set(machine, begun[index] ?? "");
    for (const machine of lab.machines) expect(await statusOf(machine)).toBe("online");
    const { stdout } = await lab.stack.ozone(["status"]);
    const bus = /embedded nats-server [\d.]+ with TLS/.exec(stdout)?.[0];
    expect(bus, stdout).toBeDefined();
    process.stdout.write(`five agents are online over an ${bus}\n`);
  });

  it("measure one sweep; one that was cut off brings what it measured, one that is revoked brings nothing more", async () => {
    const [cut, barred] = [machineAt(1), machineAt(2)];
    const matrix = [
      "--num-ctx",
      "512",
      "--num-batch",
      "64,256",
      "--num-predict",
      "16",
      "--repetitions",
      "2",
      "--launches",
      "1",
      "--strategy",
      "grid",
    ];
    const { sweep } = await lab.stack.json<{ sweep: { id: string } }>([
      ...["sweep", "run", "--detach", "--contended", "allow", "--quiet-wait", "0s", ...matrix],
    ]);
    const show = () => lab.stack.json<Shown>(["sweep", "show", sweep.id]);
    const doneOf = ({ trials }: Shown, machine: LabMachine) =>
      trials.filter(({ machineId, state }) => machineId === idOf(machine) && state === "TRIAL_STATE_DONE")
        .length;
    await waitFor("a result of every machine", show, {
      limitMs: BUSY_LIMIT_MS,
      until: (now) => lab.machines.every((machine) => doneOf(now, machine) > 0),
    });

    // Between two trials it would have nothing to send, and nothing to show.
    const count = (line: RegExp) => (cut.agent?.output.match(line) ?? []).length;
    const inHand = () => count(/\btrial \S+ attempt \d+:/g) - count(/\bresult \S+: stored/g);
    await waitFor("a trial in the hand of the one to be cut off", inHand, { until: (many) => many > 0 });
    cutOff(cut, true);
    const revoked = await lab.stack.json<{ cut: boolean }>(["machine", "revoke", barred.name]);
    expect(revoked.cut).toBe(true);
    const atRevocation = doneOf(await show(), barred);
    if (cut.host)
      await waitFor("a result that can't be sent", () => outboxOf(cut), {
        until: ({ length }) => length > 0,
      });
    await waitFor("a machine that is away", () => statusOf(cut), { until: (status) => status === "offline" });
    cutOff(cut, false);
    await waitFor("its way back", () => statusOf(cut), { until: (status) => status === "online" });

    const others = lab.machines.filter((machine) => machine !== barred);
    const open = ({ trials }: Shown, machine: LabMachine) =>
      trials.filter(({ machineId, state }) => machineId === idOf(machine) && /PLANNED|RUNNING/.test(state))
        .length;
    await waitFor("the end of the others' parts", show, {
      // On one host they take turns: one benchmark at a time.
      limitMs: lab.isApart ? BUSY_LIMIT_MS : 180_000,
      until: (now) => others.every((machine) => open(now, machine) === 0 && doneOf(now, machine) >= 7),
    });
    expect(outboxOf(cut)).toEqual([]);
    expect((await show()).sweep.state).toBe("SWEEP_STATE_RUNNING");
    expect((await lab.stack.ozone(["machine", "remove", barred.name])).code).toBe(0);
    // It tries to come back for as long as it lives, and takes its time to give up.
    await barred.agent?.kill();
    const ended = await waitFor("the end of the sweep", show, {
      limitMs: BUSY_LIMIT_MS,
      until: (now) => now.sweep.state === "SWEEP_STATE_DONE",
    });
    expect(doneOf(ended, barred)).toBe(atRevocation);
    const counts = others.map((machine) => doneOf(ended, machine));
    for (const machine of others) {
      const mine = ended.trials.filter(({ machineId }) => machineId === idOf(machine));
      const batches = new Set(mine.map(({ configuration }) => configuration.numBatch));
      expect([...batches], machine.name).toEqual(expect.arrayContaining([64, 256]));
    }
    expect(ended.trials.filter(({ state }) => state === "TRIAL_STATE_FAILED")).toEqual([]);
    process.stdout.write(
      `${lab.isApart ? "namespaces" : "loopback"}: ${counts.join(", ")} trials of the four, ${atRevocation} of the revoked one\n`,
    );
  });
});
