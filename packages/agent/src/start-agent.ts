// Starts an agent, part by part, and stops it in reverse order.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TrialOrder } from "@ozone/proto/trial";
import { type Bus, connectBus, signResult } from "@ozone/shared/bus";
import { type AgentRunFile, RUN_FILES } from "@ozone/shared/data-folder";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { hardwareClass } from "@ozone/shared/hardware-class";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { openTracing, type Tracing } from "@ozone/shared/tracing";
import { notesFolder } from "./applying/application-notes.ts";
import { finishInterrupted } from "./applying/finish-interrupted.ts";
import { openDesk } from "./applying/open-desk.ts";
import type { OrderDesk } from "./applying/order-desk.ts";
import type { AgentConfig } from "./config.ts";
import { announceSelf, type Self } from "./control/announcing.ts";
import { type Heart, startHeart } from "./control/heartbeat.ts";
import { WorkState } from "./control/work-state.ts";
import { type BusAccess, busAccess } from "./enrolment/bus-access.ts";
import { openGuard, type Watch } from "./guard/open-guard.ts";
import { machineIdentity } from "./identity.ts";
import { rememberFacts } from "./last-facts.ts";
import { idsOf, type Log } from "./log.ts";
import { acquireHostLock } from "./machine/host-lock.ts";
import { probeMachine } from "./machine/identify.ts";
import type { PlanOptions } from "./managed/plan-server.ts";
import { cleanUpLeftovers } from "./measure/leave-no-trace.ts";
import { ProbeMemory } from "./measure/probe-options.ts";
import { serveAgent, type WatchedAgent } from "./observing/serve-agent.ts";
import { EngineClient } from "./ollama/engine-client.ts";
import { type Journal, openJournal } from "./outbox/journal.ts";
import { attemptOfKey, type Outbox, openOutbox } from "./outbox/outbox.ts";
import { type Sender, startSender } from "./outbox/send-results.ts";
import { sleep } from "./pause.ts";
import type { Pulls } from "./pulling/open-pulls.ts";
import { withPulls } from "./pulling/with-pulls.ts";
import { runTrial } from "./run-trial.ts";
import { takeTrials } from "./take-trials.ts";
import { machinePorts } from "./trial-ports.ts";
import { type TrialTraces, traceTrials } from "./trial-traces.ts";

const HEARTBEAT_FIRST_MS = 5_000;
const ANNOUNCE_RETRY_MS = 1_000;
/** Models come and go; while idle the announcement is renewed so often. */
const RENEW_MS = 60_000;

/** Connects, waiting for a bus that is not there yet: an agent may be started before its coordinator. */
async function connectPatiently(
  config: AgentConfig,
  access: BusAccess,
  log: Log,
  stop: AbortSignal,
): Promise<Bus> {
  let said = false;
  for (;;) {
    try {
      return await connectBus({ ...access, ca: config.natsCa, name: `ozone-agent ${config.name}` });
    } catch (thrown) {
      if (!(thrown instanceof OzoneError) || thrown.code !== "unavailable") throw thrown;
      if (!said) log(`${thrown.message} Waiting for it.`);
      said = true;
      await sleep(ANNOUNCE_RETRY_MS * (1 + Math.random()), stop);
      if (stop.aborted) throw thrown;
    }
  }
}

async function announcePatiently(announce: () => Promise<void>, log: Log, stop: AbortSignal): Promise<void> {
  let said = "";
  while (!stop.aborted) {
    try {
      return await announce();
    } catch (thrown) {
      const problem = messageOf(thrown);
      if (problem !== said) log(problem);
      said = problem;
      await sleep(ANNOUNCE_RETRY_MS * (1 + Math.random()), stop);
    }
  }
}

async function writeRunFile(dataDir: string, content: AgentRunFile): Promise<void> {
  const path = join(dataDir, RUN_FILES.agent);
  await mkdir(dirname(path), { recursive: true });
  // Read by others at any moment, and written again once the agent is heard.
  await writeFile(`${path}.draft`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}

/**
 * What needs the host for itself, since another agent of it may be measuring: what a killed agent left loaded is
 * unloaded, and the probe has its second of reading.
 */
async function probeAlone(
  { dataDir, engineUrl }: AgentConfig,
  log: Log,
  stop: AbortSignal,
): Promise<MachineFacts> {
  const hostIdFile = join(dataDir, "host-id");
  const engine = new EngineClient(engineUrl);
  const persistedHostId = (await readFile(hostIdFile, "utf8").catch(() => null))?.trim() ?? null;
  const lock = await acquireHostLock({ signal: stop });
  try {
    for (const sentence of await cleanUpLeftovers(join(dataDir, "cache"))) log(sentence);
    for (const sentence of await finishInterrupted(notesFolder(dataDir), engine)) log(sentence);
    const probed = await probeMachine({ persistedHostId });
    await writeFile(hostIdFile, `${probed.hostId}\n`, { mode: 0o600 });
    const { facts, noticed } = await rememberFacts(dataDir, probed, log);
    for (const change of noticed) log(`since the last start: ${change}`);
    return facts;
  } finally {
    await lock.release();
  }
}

/** Results that were saved before the journal could note it are noted now. */
export async function reconcile(outbox: Outbox, journal: Journal): Promise<void> {
  for (const key of outbox.pending()) {
    const { trialId, attempt } = attemptOfKey(key);
    // One that can't be read is told of when it is to be sent; run again, its attempt would be written over it.
    const read = () => outbox.read(key).catch(() => null);
    const payload = journal.isFinished(trialId, attempt) ? null : await read();
    if (payload) await journal.finished(trialId, attempt, payload);
  }
}

/** The parts of a running agent. */
interface Parts {
  readonly bus: Bus;
  readonly self: Self;
  readonly state: WorkState;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly heart: Heart;
  readonly sender: Sender;
  readonly tracing: Tracing;
  readonly traces: TrialTraces;
  /** Orders to apply presets. */
  readonly desk: OrderDesk;
  /** Who is at the machine; null: it works whoever is. */
  readonly guard: Watch | null;
  /** Models that the coordinator wants here; undefined: the owner did not consent. */
  readonly pulls: Pulls | undefined;
  readonly announce: () => Promise<void>;
  /** What the coordinator said of our version; null: nothing. */
  readonly problem: () => string | null;
}

async function openParts(config: AgentConfig, log: Log, stop: AbortSignal): Promise<Parts> {
  const machineId = await machineIdentity(config.dataDir);
  const access = await busAccess(config, log, stop);
  const facts = await probeAlone(config, log, stop);
  const outbox = await openOutbox(join(config.dataDir, "outbox"), log);
  const journal = await openJournal(config.dataDir, log);
  await reconcile(outbox, journal);
  const bus = await connectPatiently(config, access, log, stop);
  const state = new WorkState();
  const about = { machineId, name: config.name, facts, ...planOptions(config) };
  let told: string | null = null;
  const announce = async () => {
    const { heartbeatMs, problem } = await announceSelf(bus, self, stop);
    heart.setInterval(heartbeatMs);
    if (problem !== null && problem !== told) log(problem);
    told = problem;
  };
  const onDone = () => heart.beatNow();
  let guard: Watch | null = null;
  const onBusy = (busy: boolean) => (busy ? guard?.trialBegins(null) : guard?.trialEnds());
  const { dataDir } = config;
  const isInUse = () => guard?.waits ?? null;
  const around = { state, onBusy, onDone, announce: () => announce(), isInUse, log };
  const { pulls, self } = await withPulls(config, about, around);
  const desk = await openDesk({ bus, self, state, dataDir, stop, announce, onBusy, onDone, log });
  const orders = {
    // What was begun goes on; nothing is begun while somebody uses the machine.
    hear: (waits: boolean) => desk.hear(waits && isInUse() === null),
  };
  const heart = startHeart({ bus, machineId, state, outbox, announce, orders, pulls }, HEARTBEAT_FIRST_MS);
  const onChange = () => {
    if (guard?.waits) pulls?.interrupt();
    onDone();
  };
  if (config.onlyWhenIdle !== null)
    guard = await openGuard(config.onlyWhenIdle, config, { state, onChange, log });
  const tracing = await openTracing({ service: "ozone-agent", env: process.env, onProblem: log });
  const traces = traceTrials(tracing);
  const key = access.identity?.key;
  const sign = key && ((payload: Uint8Array) => signResult(key, payload));
  const sender = startSender({ bus, machineId, outbox, journal, log, sign, traces });
  const sending = { outbox, journal, sender, tracing, traces };
  return { bus, self, state, ...sending, heart, desk, guard, pulls, announce, problem: () => told };
}

/** What starting servers of our own depends on. */
const planOptions = ({ engineUrl, engineDataDir }: AgentConfig): PlanOptions => ({
  engineUrl,
  engineDataDir,
  env: process.env,
});

/** Runs a trial on this machine, telling the heartbeat what is being done. */
function trialRunner(config: AgentConfig, { self, state, heart, pulls }: Parts, log: Log) {
  const { facts, machineId, name: machineName } = self;
  const cacheDir = join(config.dataDir, "cache");
  const fixed = {
    ...machinePorts({ ...planOptions(config), machineId, facts, cacheDir }),
    machineName,
    probeMemory: new ProbeMemory(),
    onActivity: (words: string) => {
      state.say(words);
      heart.beatNow();
    },
  };
  return (order: TrialOrder, signal: AbortSignal) => {
    pulls?.used(order.modelName);
    const onFullSentence = (sentence: string) =>
      log(
        `trial ${order.trialId} attempt ${order.attempt} failed; in full, here only: ${sentence}`,
        idsOf(order),
      );
    return runTrial(order, { ...fixed, onFullSentence, signal });
  };
}

async function work(config: AgentConfig, parts: Parts, log: Log, stop: AbortSignal): Promise<void> {
  const { bus, self, state, outbox, journal, heart, sender, traces, desk, guard, announce } = parts;
  await announcePatiently(announce, log, stop);
  const { machineId, engineUrl } = self;
  // Whoever upgrades this agent looks here whether the new one is heard.
  const heard = { problem: parts.problem() ?? "" };
  if (!stop.aborted) await writeRunFile(config.dataDir, { pid: process.pid, machineId, engineUrl, heard });
  state.say("idle");
  // While a trial runs nothing else may ask the engine. A renewal that fails is made up for by the next.
  const renew = () => (state.current || desk.busy ? undefined : announce().catch(() => undefined));
  const renewing = setInterval(renew, RENEW_MS);
  log(`machine ${self.machineId} (${hardwareClass(self.facts)}) is ready, engine ${self.engineUrl}`);
  const ports = {
    ...{ bus, state, outbox, journal, log, announce, traces },
    machineId: self.machineId,
    lockHost: (signal: AbortSignal, onWait: () => void) => acquireHostLock({ signal, onWait }),
    onTaken: () => heart.beatNow(),
    onFinished: () => sender.wake(),
    runTrial: trialRunner(config, parts, log),
    ...(guard === null ? {} : { guard }),
  };
  await takeTrials(ports, stop);
  clearInterval(renewing);
}

/**
 * Runs an agent until `stop` aborts.
 * @throws OzoneError with one sentence when it can't start.
 */
export async function runAgent(config: AgentConfig, log: Log, stop: AbortSignal): Promise<void> {
  let watched: WatchedAgent | null = null;
  const { httpAddress } = config;
  const pages = httpAddress === null ? null : await serveAgent(httpAddress, () => watched);
  if (pages !== null) log(`pages for a monitor are at http://${pages.address}`);
  const parts = await openParts(config, log, stop);
  watched = parts;
  const { machineId, engineUrl } = parts.self;
  await writeRunFile(config.dataDir, { pid: process.pid, machineId, engineUrl });
  try {
    await work(config, parts, log, stop);
  } finally {
    await parts.guard?.stop();
    await parts.pulls?.close();
    await parts.desk.close();
    await parts.sender.stop();
    await parts.heart.stop();
    await parts.bus.close();
    await parts.tracing.stop();
    await pages?.stop();
    await rm(join(config.dataDir, RUN_FILES.agent), { force: true });
  }
}
