// Starts a coordinator, part by part, and stops it in reverse order.
import { mkdir, readFile } from "node:fs/promises";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { Health } from "@ozone/proto/health";
import { IdentityService } from "@ozone/proto/identity_service";
import { MachineService } from "@ozone/proto/machine_service";
import { PresetService } from "@ozone/proto/preset_service";
import { QuarantineService } from "@ozone/proto/quarantine_service";
import { ReportService } from "@ozone/proto/report_service";
import { RolloutService } from "@ozone/proto/rollout_service";
import { SweepService } from "@ozone/proto/sweep_service";
import { TokenService } from "@ozone/proto/token_service";
import {
  connectBus,
  dropWork,
  ensureStreams,
  ensureWorkConsumer,
  onAnnouncement,
  onApplyingQuestion,
  onHeartbeat,
} from "@ozone/shared/bus";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { OZONE_VERSION } from "@ozone/shared/version";
import type { Logger } from "pino";
import { startAdmission } from "./admission.ts";
import { enrolmentHandlers } from "./api/enrolment.ts";
import { addService, createServer, type GrpcServer, listen, stopServer } from "./api/grpc-server.ts";
import { healthHandlers } from "./api/health.ts";
import { identityHandlers } from "./api/identities.ts";
import { machineHandlers } from "./api/machines.ts";
import { presetHandlers, reportHandlers } from "./api/presets.ts";
import { quarantineHandlers } from "./api/quarantine.ts";
import { rolloutHandlers } from "./api/rollouts.ts";
import { sweepHandlers } from "./api/sweeps.ts";
import { tokenHandlers } from "./api/tokens.ts";
import { type ChangeSignal, createChangeSignal } from "./change-signal.ts";
import type { CoordinatorConfig } from "./config.ts";
import { createChallenges } from "./fleet/challenge.ts";
import { acceptAnnouncement, acceptHeartbeat } from "./fleet/machines-online.ts";
import { type Arrival, busUrlFor, type WayIn } from "./fleet/ways-in.ts";
import { loadObjectives } from "./objectives-file.ts";
import { openDoor, serveOutside } from "./outside.ts";
import { openBusServer, openDatabase } from "./parts.ts";
import { findModule, type ModuleRules } from "./plug-ins/find-module.ts";
import { answerAgent } from "./rollouts/answer-agents.ts";
import { refuseSecondCoordinator, removeRunFile, writeRunFile } from "./run-file.ts";
import { extendAllLeases } from "./store/attempts.ts";
import { approvedAgents, barredOf } from "./store/machine-identities.ts";
import { openStore } from "./store/open-store.ts";
import { startTasks, type Tasks } from "./tasks.ts";

/** A running coordinator. */
export interface Coordinator {
  readonly grpcAddress: string;
  readonly natsUrl: string;
  stop(): Promise<void>;
}

const WATCH_INTERVAL_MS = 500;

async function makeDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
  } catch (thrown) {
    const full = systemCodeOf(thrown) === "ENOSPC" ? "the disk is full; make room" : messageOf(thrown);
    throw new OzoneError(
      "unavailable",
      `The data folder ${dataDir} can't be made (${full}), or set OZONE_DATA_DIR to another folder.`,
      { cause: thrown },
    );
  }
}

/** Ends what was opened, last first; one failure does not keep the others from being ended. */
async function stopAll(log: Logger, stops: readonly (() => unknown)[]): Promise<void> {
  for (const stop of stops.toReversed()) {
    try {
      await stop();
    } catch (thrown) {
      log.warn(`while stopping: ${messageOf(thrown)}`);
    }
  }
}

/**
 * Starts everything.
 * @throws OzoneError with one sentence; what had been started is stopped then.
 */
export async function startCoordinator(config: CoordinatorConfig, log: Logger): Promise<Coordinator> {
  const stops: Stops = [];
  try {
    const { grpcAddress, natsUrl } = await open(config, log, stops);
    return { grpcAddress, natsUrl, stop: () => stopAll(log, stops) };
  } catch (thrown) {
    await stopAll(log, stops);
    throw thrown;
  }
}

type Stops = (() => unknown)[];

/** Postgres, NATS and what stands on them. */
async function openParts(config: CoordinatorConfig, log: Logger, stops: Stops) {
  const say = (line: string) => log.info(line);
  const database = await openDatabase(config, say);
  stops.push(() => database.stop());
  const store = await openStore(database.url, (problem) => log.warn(`Postgres: ${problem}`));
  stops.push(() => store.close());
  const busServer = await openBusServer(config, say, await approvedAgents(store.db));
  stops.push(() => busServer.stop());
  const refused = (name: string, thrown: unknown) => log.warn({ task: name }, messageOf(thrown));
  const admission = await startAdmission(store, busServer, refused);
  stops.push(() => admission.stop());
  const bus = await connectBus({ url: busServer.url, ca: busServer.ca, name: "ozone-coordinator" });
  stops.push(() => bus.close());
  await ensureStreams(bus);
  await extendAllLeases(store.db, config.leaseMs);
  return {
    store,
    bus,
    admission,
    natsUrl: busServer.url,
    natsCa: busServer.ca,
    words: { database: database.words, bus: busServer.words },
  };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

interface Running extends Parts {
  readonly tasks: Tasks;
  readonly changes: ChangeSignal;
  readonly leaseMs: number;
  readonly modules: ModuleRules;
  readonly onError: (name: string, thrown: unknown) => void;
}

/** Answers machines. */
export function listenToFleet({
  store,
  bus,
  tasks,
  changes,
  leaseMs,
  onError,
}: Pick<Running, "store" | "bus" | "tasks" | "changes" | "leaseMs" | "onError">): () => void {
  const reported = (thrown: unknown) => {
    onError("fleet", thrown);
    throw thrown;
  };
  const endAnnouncements = onAnnouncement(bus, async (machineId, message) => {
    const reply = await acceptAnnouncement(store, { machineId, message, leaseMs }).catch(reported);
    if (reply.accepted) {
      await ensureStreams(bus);
      await ensureWorkConsumer(bus, machineId, leaseMs);
    }
    tasks.wake();
    changes.notify();
    return reply;
  });
  const endHeartbeats = onHeartbeat(bus, async (machineId, message) => {
    const applyingWaits = tasks.applyingWaits(machineId);
    const reply = await acceptHeartbeat(store, { machineId, message, leaseMs, applyingWaits }).catch(
      reported,
    );
    changes.notify();
    return reply;
  });
  const endApplying = onApplyingQuestion(bus, async (machineId, message) => {
    if ((await barredOf(store.db, [machineId])).size > 0) throw new Error(`${machineId} is not let in`);
    const { answer, changed } = await answerAgent(store, machineId, message).catch(reported);
    if (changed) tasks.wake();
    if (changed) changes.notify();
    return answer;
  });
  return () => {
    endAnnouncements();
    endHeartbeats();
    endApplying();
  };
}

/** Who may be in the fleet: for agents, and for administrators. */
function addAdmission(server: GrpcServer, running: Running, wayIn: () => Promise<WayIn>): void {
  const { store, bus, admission, natsCa } = running;
  const { admit, enforced } = admission;
  const enrolling = {
    ...{ store, challenges: createChallenges(), admit },
    busUrl: (arrival: Arrival) => busUrlFor(admission.bus, arrival),
    busCa: async () => (natsCa === null ? "" : readFile(natsCa, "utf8")),
  };
  addService(server, EnrolmentService, enrolmentHandlers(enrolling));
  const drop = (machineId: string) => dropWork(bus, machineId);
  addService(server, IdentityService, identityHandlers({ store, enforced, admit, dropWork: drop, wayIn }));
}

interface Serving {
  readonly startedAtMs: number;
  readonly wayIn: () => Promise<WayIn>;
}

/** Adds all services to a gRPC server. */
const addServices =
  (running: Running, { startedAtMs, wayIn }: Serving) =>
  (server: GrpcServer) => {
    const { store, tasks, changes, leaseMs, modules, words } = running;
    addAdmission(server, running, wayIn);
    const changed = (signal: AbortSignal) => changes.next(signal, WATCH_INTERVAL_MS);
    const find = (name: string) => findModule(name, modules);
    addService(
      server,
      SweepService,
      sweepHandlers({ store, leaseMs, wake: tasks.wake, changed, findModule: find }),
    );
    const parts = { ...words, startedAtMs };
    addService(
      server,
      MachineService,
      machineHandlers(store, { parts, leaseMs, now: () => performance.now() }),
    );
    addService(server, PresetService, presetHandlers(store));
    addService(server, ReportService, reportHandlers(store, leaseMs));
    addService(server, RolloutService, rolloutHandlers({ store, leaseMs, wake: tasks.wake, changed }));
    addService(
      server,
      Health,
      healthHandlers(() => true),
    );
    addService(server, QuarantineService, quarantineHandlers({ store, counted: tasks.resultCounted }));
    addService(server, TokenService, tokenHandlers(store));
  };

/** The local server, and the one for callers from outside where one was asked for. */
async function serve(
  { config, log, stops }: { config: CoordinatorConfig; log: Logger; stops: Stops },
  running: Running,
  startedAtMs: number,
) {
  const { outsideAddress } = config;
  const door = outsideAddress === null ? null : await openDoor(config, outsideAddress, log);
  let wayIn = async (): Promise<WayIn> => ({ enrolAddress: grpcAddress, caFingerprint: "" });
  const add = addServices(running, { startedAtMs, wayIn: () => wayIn() });
  const server = createServer();
  add(server);
  const grpcAddress = await listen(server, config.grpcAddress);
  stops.push(() => stopServer(server));
  if (outsideAddress === null || door === null) return { grpcAddress };
  const { store } = running;
  const { certificate } = door;
  const outside = await serveOutside({ address: outsideAddress, certificate, store, addServices: add, log });
  wayIn = () => door.wayIn(outside.address);
  stops.push(() => outside.stop());
  log.info(`gRPC with TLS and role tokens on ${outside.address}`);
  return { grpcAddress, outsideAddress: outside.address };
}

async function open(config: CoordinatorConfig, log: Logger, stops: Stops) {
  const { dataDir, leaseMs, modules } = config;
  const startedAtMs = performance.now();
  const objectives = await loadObjectives(config.objectivesPath);
  await makeDataDir(dataDir);
  await refuseSecondCoordinator(dataDir);
  const parts = await openParts(config, log, stops);
  const changes = createChangeSignal();
  const onError = (name: string, thrown: unknown) => log.warn({ task: name }, messageOf(thrown));
  const tasks = startTasks({ ...parts, leaseMs, modules, objectives, changes, onError });
  stops.push(() => tasks.stop());
  const running = { ...parts, tasks, changes, leaseMs, modules, onError };
  stops.push(listenToFleet(running));
  const addresses = await serve({ config, log, stops }, running, startedAtMs);
  const { natsUrl, natsCa, admission } = parts;
  await writeRunFile(dataDir, {
    ...{ pid: process.pid, ...addresses, natsUrl, version: OZONE_VERSION },
    ...(natsCa === null ? {} : { natsCa }),
    enrolment: admission.enforced,
  });
  stops.push(() => removeRunFile(dataDir));
  return { grpcAddress: addresses.grpcAddress, natsUrl };
}
