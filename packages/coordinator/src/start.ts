// Starts a coordinator, part by part, and stops it in reverse order.
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { isLoopback } from "@ozone/shared/host-address";
import { openTracing } from "@ozone/shared/tracing";
import { OZONE_VERSION } from "@ozone/shared/version";
import type { Logger } from "pino";
import { createServer, listen, stopServer } from "./api/grpc-server.ts";
import { startBoundingLogs } from "./bounded-logs.ts";
import { createChangeSignal } from "./change-signal.ts";
import type { CoordinatorConfig } from "./config.ts";
import { coordinatorId } from "./coordinator-id.ts";
import type { WayIn } from "./fleet/ways-in.ts";
import { listenToFleet } from "./fleet-door.ts";
import { startLedTasks } from "./led-tasks.ts";
import { openEndpoint } from "./notifications/endpoint.ts";
import { loadObjectives } from "./objectives-file.ts";
import { createMeters, type Meters } from "./observing/meters.ts";
import { busAnswers } from "./observing/readiness.ts";
import { serveObserving } from "./observing/serve-observing.ts";
import { openParts, type Stops } from "./open-parts.ts";
import { openDoor, serveOutside } from "./outside.ts";
import { startRetention } from "./retention-task.ts";
import { refuseSecondCoordinator, removeRunFile, writeRunFile } from "./run-file.ts";
import { addServices, type Running } from "./services.ts";
import { tellRefused } from "./tell-refused.ts";
import { tellTrials } from "./trial-story.ts";

/** A running coordinator. */
export interface Coordinator {
  readonly grpcAddress: string;
  /** Of health and metrics; null: not asked for. */
  readonly httpAddress: string | null;
  readonly natsUrl: string;
  stop(): Promise<void>;
}

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
    const { grpcAddress, httpAddress, natsUrl } = await open(config, log, stops);
    return { grpcAddress, httpAddress, natsUrl, stop: () => stopAll(log, stops) };
  } catch (thrown) {
    await stopAll(log, stops);
    throw thrown;
  }
}

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

/** Health and metrics, where an address was named for them. */
async function watch(
  { config, log, stops }: { config: CoordinatorConfig; log: Logger; stops: Stops },
  { store, bus, tasks }: Running,
  meters: Meters,
) {
  const { httpAddress, leaseMs } = config;
  if (httpAddress === null) return {};
  const server = await serveObserving(
    httpAddress,
    { store, bus, leaseMs, leads: tasks.candidacy.leads },
    meters,
  );
  stops.push(() => server.stop());
  const open = isLoopback(server.address)
    ? ""
    : ", for everyone who reaches it: without TLS, without a token";
  log.info(`health and metrics on http://${server.address}${open}`);
  return { httpAddress: server.address };
}

async function open(config: CoordinatorConfig, log: Logger, stops: Stops) {
  const { dataDir, leaseMs, modules } = config;
  const startedAtMs = performance.now();
  const objectives = await loadObjectives(config.objectivesPath);
  const endpoint = await openEndpoint(config.webhook);
  await makeDataDir(dataDir);
  await refuseSecondCoordinator(dataDir);
  const meters = config.httpAddress === null ? undefined : createMeters();
  const parts = await openParts(config, log, stops, meters);
  const changes = createChangeSignal();
  const onError = (name: string, thrown: unknown) => log.warn({ task: name }, messageOf(thrown));
  const onProblem = (sentence: string) => log.warn(sentence);
  const tracing = await openTracing({ service: "ozone-coordinator", env: process.env, onProblem });
  stops.push(() => tracing.stop());
  const story = tellTrials({ log, tracing, store: parts.store });
  const name = `${hostname()} (pid ${process.pid})`;
  const candidate = { id: await coordinatorId(dataDir), name, leaseMs: config.leaderLeaseMs };
  if (endpoint !== null) log.info(`notifications go to ${endpoint.shown}`);
  const { missingAfterMs, waitForMachinesMs } = config;
  const notifying = endpoint === null ? null : { endpoint, missingAfterMs };
  const tasks = await startLedTasks({
    ...{ ...parts, leaseMs, modules, objectives, changes, onError, notifying, events: meters, story },
    waitForMachinesMs,
    ...{ candidate, say: (line) => log.info(line), busAnswers: () => busAnswers(parts.bus) },
  });
  stops.push(() => tasks.stop());
  stops.push(startBoundingLogs(dataDir, onProblem));
  if (config.keepRawMs !== null) {
    stops.push(startRetention(parts.store, config.keepRawMs, { log, events: meters, onError }));
  }
  const running = {
    ...parts,
    tasks,
    changes,
    leaseMs,
    modules,
    onError,
    coordinatorId: candidate.id,
    endpoint,
  };
  stops.push(listenToFleet({ ...running, onRefused: tellRefused({ log, events: meters }) }));
  const addresses = await serve({ config, log, stops }, running, startedAtMs);
  const watching = meters && (await watch({ config, log, stops }, running, meters));
  const { natsUrl, natsCa, admission } = parts;
  await writeRunFile(dataDir, {
    ...{ pid: process.pid, ...addresses, natsUrl, version: OZONE_VERSION },
    ...(natsCa === null ? {} : { natsCa }),
    ...watching,
    enrolment: admission.enforced,
  });
  stops.push(() => removeRunFile(dataDir));
  return { grpcAddress: addresses.grpcAddress, httpAddress: watching?.httpAddress ?? null, natsUrl };
}
