// npm run walk: docs/operating.md, "Twenty lab machines in half an hour", step by step as it is written, on isolated machines.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { testNatsServer } from "../packages/coordinator/src/embedded/testing/stage.ts";
import { type Host, mayMakeNamespaces, Namespaces, startRelay } from "./setup/namespaces.ts";
import { cleanEnv, ROOT } from "./setup/processes.ts";
import { waitFor } from "./setup/wait-for.ts";
import { LabMachine, type Said } from "./walk/lab-machine.ts";
import { readSteps, type WalkStep } from "./walk/read-steps.ts";

const LIMIT_MS = 30 * 60_000;
const RELAY_PORT = 4223;
const EXIT_USAGE = 2;
const { E2E_NATS_SERVER } = process.env;

/** What twenty machines on one host need, and the administrator's own machine could do without: said in the page. */
const STAND_INS: readonly (readonly [string, string])[] = [
  ["sweep run ", "sweep run --contended allow --quiet-wait 0s "],
];

/** The administrator's machine: a namespace with the checkout, a folder for what the steps make, and settings. */
interface Desk {
  readonly host: Host;
  readonly folder: string;
  readonly env: Record<string, string>;
}

interface Walk {
  readonly desk: Desk;
  readonly machines: readonly LabMachine[];
  readonly say: (line: string) => void;
  fingerprint: string;
}

/** A line of a sweep's progress: a screen of its own in a terminal, hundreds of lines in a log. */
const PROGRESS = /^(trial \d+ of|done |\d+ of \d+ trials ended)/;
const COORDINATOR_LINE = /^COORDINATOR=.*$/m;

/** The commands of a step as they are run at the desk. */
function atDesk({ script }: WalkStep, { host }: Desk): string {
  const named = script.replace(COORDINATOR_LINE, `COORDINATOR=${host.address}`);
  const relayed = E2E_NATS_SERVER
    ? named
    : named.replace(
        "OZONE_NATS_LISTEN=0.0.0.0:4222",
        `OZONE_NATS_LISTEN=127.0.0.1:4222 OZONE_NATS_ADVERTISE=${host.address}:${RELAY_PORT}`,
      );
  return STAND_INS.reduce((text, [from, to]) => text.replaceAll(from, to), relayed);
}

async function runAtDesk(step: WalkStep, { host, folder, env }: Desk): Promise<Said> {
  // Files that the steps make belong into a folder of their own, and the checkout stays as it is.
  const script = atDesk(step, { host, folder, env }).replaceAll("tokens.txt", `${folder}/tokens.txt`);
  const [command = "", ...words] = [...host.wrapper, "bash", "-euc", script];
  const child = spawn(command, words, { cwd: ROOT, env: cleanEnv(env), stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, output };
}

const failed = (where: string, step: WalkStep, { code, output }: Said): Error =>
  new Error(`Step ${step.number} failed ${where} with ${code}:\n${step.script}\n${output}`);

/** Brings the program and one token to each machine, and begins the step everywhere at once. */
async function beginOnMachines(walk: Walk, step: WalkStep): Promise<Promise<Said>[]> {
  const { desk, machines } = walk;
  const program = await readFile(join(ROOT, "dist/ozone-agent.mjs"));
  const tokens = (await readFile(join(desk.folder, "tokens.txt"), "utf8")).trim().split("\n");
  const env = { COORDINATOR: desk.host.address, FINGERPRINT: walk.fingerprint };
  return machines.map((machine, index) => {
    machine.bring("ozone-agent.mjs", program);
    machine.bring("token", Buffer.from(`${tokens[index]}\n`));
    return machine.run(step.script, env);
  });
}

const asked = async (desk: Desk, words: string): Promise<string> =>
  (await runAtDesk({ number: 0, place: "here", script: `npx --no-install ozone ${words}` }, desk)).output;

/** The steps, one after the other; the machines' own goes on until they have been let in. */
async function takeSteps(walk: Walk, steps: readonly WalkStep[]): Promise<void> {
  const { desk, machines, say } = walk;
  let onMachines: { step: WalkStep; running: Promise<Said>[] } | null = null;
  for (const step of steps) {
    const started = performance.now();
    const took = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    if (step.place === "machine") {
      onMachines = { step, running: await beginOnMachines(walk, step) };
      const waits = () => asked(desk, "machine list");
      await waitFor("all machines that wait", waits, {
        until: (text) => text.split("waits for approval").length > machines.length,
        limitMs: LIMIT_MS,
      });
      say(`step ${step.number}: ${machines.length} machines installed, and wait for approval (${took()})`);
      continue;
    }
    const said = await runAtDesk(step, desk);
    if (said.code !== 0) throw failed("at the desk", step, said);
    walk.fingerprint = /--ca-fingerprint (sha256:\S+)/.exec(said.output)?.[1] ?? walk.fingerprint;
    say(`step ${step.number}: done (${took()})`);
    const lines = said.output.trimEnd().split("\n");
    for (const line of lines.filter((one) => !PROGRESS.test(one))) say(`    ${line}`);
    if (!onMachines) continue;
    await endOnMachines(walk, onMachines.step, onMachines.running);
    onMachines = null;
  }
}

/** The rest of the machines' step, once they were let in; and that all of them are online. */
async function endOnMachines({ desk, machines, say }: Walk, step: WalkStep, running: Promise<Said>[]) {
  const started = performance.now();
  for (const [index, said] of (await Promise.all(running)).entries()) {
    if (said.code !== 0) throw failed(`on ${machines[index]?.name}`, step, said);
    if (index === 0) for (const line of said.output.trimEnd().split("\n")) say(`    lab-1: ${line}`);
  }
  await waitFor("all machines online", () => asked(desk, "machine list --json"), {
    until: (text) => text.split('"status": "online"').length > machines.length,
    limitMs: LIMIT_MS,
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(`step ${step.number}, its end: ${machines.length} machines enrolled and online (${seconds} s)`);
}

async function openDesk(host: Host, folder: string): Promise<Desk> {
  const server = E2E_NATS_SERVER ?? (await testNatsServer()).path;
  return { host, folder, env: { OZONE_DATA_DIR: join(folder, "data"), OZONE_NATS_SERVER: server } };
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { machines: { type: "string", default: "20" } } });
  const count = Number(values.machines);
  if (!Number.isInteger(count) || count < 1 || count > 200) {
    process.stderr.write(`--machines ${values.machines} is no number of machines from 1 to 200.\n`);
    return EXIT_USAGE;
  }
  if (!mayMakeNamespaces()) {
    process.stderr.write(
      "The walk makes namespaces: run it as root on Linux with iproute2 and util-linux.\n",
    );
    return EXIT_USAGE;
  }
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const folder = await mkdtemp(join(tmpdir(), "ozone-walk-"));
  await chmod(folder, 0o755);
  const namespaces = new Namespaces();
  const ends: (() => unknown)[] = [
    () => rm(folder, { recursive: true, force: true }),
    () => namespaces.remove(),
  ];
  const end = async () => {
    for (const one of ends.splice(0).toReversed()) await one();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void end().finally(() => process.exit(130)));
  try {
    const desk = await openDesk(namespaces.hub(), folder);
    ends.push(() => asked(desk, "down"));
    const page = await readFile(join(ROOT, "docs/operating.md"), "utf8");
    if (!E2E_NATS_SERVER) {
      const relay = await startRelay(
        `${desk.host.address}:${RELAY_PORT}`,
        "127.0.0.1:4222",
        desk.host.wrapper,
      );
      ends.push(() => relay.stop());
    }
    const machines: LabMachine[] = [];
    for (let number = 1; number <= count; number += 1) {
      const machine = await LabMachine.start(`lab-${number}`, namespaces.host(number), folder);
      machines.push(machine);
      ends.push(() => machine.stop());
    }
    say(
      `${count} isolated machines on this host; bus ${E2E_NATS_SERVER ? "beyond loopback" : "behind a relay"}`,
    );
    say(
      "Their Ollamas are scripted servers, which no agent can know: presets say `measured`, and are about no model.",
    );
    const started = performance.now();
    await takeSteps({ desk, machines, say, fingerprint: "" }, readSteps(page.replace(" 20 ", ` ${count} `)));
    const tookMs = performance.now() - started;
    const presets = (
      JSON.parse(await asked(desk, "preset list --json")) as { presets: { machineIds: string[] }[] }
    ).presets;
    const measured = new Set(presets.flatMap(({ machineIds }) => machineIds));
    const words = `${Math.floor(tookMs / 60_000)} min ${Math.round((tookMs % 60_000) / 1000)} s`;
    say(
      `${count} of ${count} machines installed, enrolled, approved and online; ${presets.length} presets from ${measured.size} of them after ${words} (limit 30 min)`,
    );
    return presets.length > 0 && tookMs < LIMIT_MS ? 0 : 1;
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    return 1;
  } finally {
    await end();
  }
}

process.exitCode = await main();
