// The announcement: who this machine is, what it runs on, which engine and models it has; and keeping it up to date.
import { create } from "@bufbuild/protobuf";
import { type Announcement, AnnouncementSchema, EngineKind, type Model } from "@ozone/proto/machine";
import type { PullConsent } from "@ozone/proto/pull";
import { announce, type Bus } from "@ozone/shared/bus";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { hardwareClass } from "@ozone/shared/hardware-class";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { coordinatorProblem, PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { OZONE_VERSION } from "@ozone/shared/version";
import { hostAccessProblems } from "../host-access.ts";
import { type PlanOptions, planServer } from "../managed/plan-server.ts";
import { describeEngine, listModels } from "../ollama/describe-engine.ts";

/** What does not change while the agent runs. */
export interface Self extends PlanOptions {
  readonly machineId: string;
  readonly name: string;
  readonly facts: MachineFacts;
  /** What Ozone may pull here; absent: nothing. */
  readonly consent?: () => PullConsent;
}

/** Threads that the engine takes when nobody asks: the reference engine leaves a core free, Ollama takes the physical ones. */
function defaultThreads(kind: EngineKind, { cpu }: MachineFacts): number {
  if (kind === EngineKind.REFERENCE)
    return Math.max(1, Math.floor(cpu.usableCores ?? cpu.logicalCores ?? 2) - 1);
  return cpu.physicalCores ?? 0;
}

/** The models, or why they can't be listed: an engine that can't say what it has can't be measured. */
async function readModels(
  engineUrl: string,
  signal: AbortSignal,
): Promise<{ models: Model[]; problem: string }> {
  try {
    return { models: await listModels(engineUrl, signal), problem: "" };
  } catch (thrown) {
    return { models: [], problem: `The models at ${engineUrl} can't be listed: ${messageOf(thrown)}` };
  }
}

/** Looks at the engine and writes the announcement. Never throws: what is wrong with the engine is part of it. */
export async function writeAnnouncement(self: Self, signal: AbortSignal): Promise<Announcement> {
  const { machineId, name, facts, engineUrl } = self;
  const engine = await describeEngine(engineUrl, signal);
  const plan = await planServer(self, signal);
  const { models, problem } =
    engine.problem === "" ? await readModels(engineUrl, signal) : { models: [], problem: engine.problem };
  return create(AnnouncementSchema, {
    machineId,
    name,
    agentVersion: OZONE_VERSION,
    protocolVersion: PROTOCOL_VERSION,
    hostId: facts.hostId,
    hardwareClass: hardwareClass(facts),
    factsJson: JSON.stringify(facts),
    engine: { kind: engine.kind, version: engine.version },
    models,
    defaultThreads: defaultThreads(engine.kind, facts),
    engineProblem: problem,
    accessProblems: await hostAccessProblems(engineUrl, process.env),
    managedProblem: "problem" in plan ? plan.problem : "",
    ...(self.consent ? { pullConsent: self.consent() } : {}),
  });
}

/** What the coordinator answers to an announcement. */
export interface TakenIn {
  /** How often to send heartbeats, in milliseconds. */
  readonly heartbeatMs: number;
  /** Why it will give us no orders though it took us in, in one sentence; null: it will. */
  readonly problem: string | null;
}

/**
 * Announces this machine.
 * @throws OzoneError unavailable while no coordinator listens; invalid_input when it refuses us.
 */
export async function announceSelf(bus: Bus, self: Self, signal: AbortSignal): Promise<TakenIn> {
  const reply = await announce(bus, await writeAnnouncement(self, signal));
  if (!reply.accepted) {
    throw new OzoneError("invalid_input", `The coordinator refused this machine: ${reply.reason}`);
  }
  return { heartbeatMs: reply.heartbeatMs, problem: coordinatorProblem(reply.protocolVersion) };
}
