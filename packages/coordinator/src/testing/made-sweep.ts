// A sweep with trials in a real store, for tests of dispatch and intake.
import { create, toBinary } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { AnnouncementSchema } from "@ozone/proto/machine";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import type { ArrivedResult } from "@ozone/shared/bus";
import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { OZONE_VERSION } from "@ozone/shared/version";
import type { Sharing } from "../dispatch/advance-group.ts";
import type { LeaseEnds } from "../dispatch/expire-leases.ts";
import { saveMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { insertSweep, listTargets } from "../store/sweeps.ts";
import { insertTrials } from "../store/trials.ts";
import { point } from "./made-results.ts";

const FACTS = {
  hostId: "0".repeat(32),
  os: { family: "linux", release: "12", arch: "x64" },
  cpu: {
    vendor: "AMD",
    brand: "EPYC",
    physicalCores: 2,
    logicalCores: 2,
    usableCores: 2,
    isaTier: "avx2",
    features: [],
    l3Bytes: null,
  },
  memory: {
    totalBytes: 24e9,
    limitBytes: null,
    bandwidthBytesPerSecond: null,
    cacheBandwidthBytesPerSecond: null,
    bandwidthMethod: "unknown",
  },
  gpus: [],
  virtualised: null,
  powerSource: "mains",
  numaNodes: 1,
  notes: [],
};

/** An announcement that the fleet accepts. */
export const madeAnnouncement = (machineId: string) =>
  create(AnnouncementSchema, {
    machineId,
    name: `lab-${machineId}`,
    hostId: FACTS.hostId,
    hardwareClass: "test-class",
    factsJson: JSON.stringify(FACTS),
    engine: { kind: 2, version: "0.1.0" },
    models: [
      { name: "ozone-synthetic:4m", digest: "sha256:abc", sizeBytes: 4_000_000n, trainedContext: 131_072 },
    ],
    defaultThreads: 1,
    agentVersion: OZONE_VERSION,
    protocolVersion: PROTOCOL_VERSION,
  });

/** What shared searches need besides the planner; `heard` is how long the coordinator has been listening. */
export const madeSharing = (leaseMs = 30_000, heard = 0): Sharing => ({
  leaseMs,
  listeningMs: () => heard,
  settled: new Map(),
  machineLeft: () => undefined,
});

/** Leases end as they run out: no machine is heard. */
export const NOBODY_HEARD: LeaseEnds = { leaseMs: 30_000, machineIds: [], orderWaits: async () => false };

/** Name of the n-th trial of a machine: the stream remembers message ids longer than a test lasts. */
export const trialId = (number: number, machineId = "m-1"): string =>
  machineId === "m-1" ? `t-${number}` : `t-${number}-${machineId}`;

/** Stores machine, sweep and `count` planned trials; `asked` says what is special about the sweep. */
export async function storeSweep(
  store: Store,
  count: number,
  machineId = "m-1",
  sweepId = "s-1",
  asked: Partial<Pick<SweepRequest, "strategy" | "matrix" | "priority">> = {},
): Promise<void> {
  await saveMachine(store.db, madeAnnouncement(machineId));
  const protocol = create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1 });
  const request = create(SweepRequestSchema, { strategy: "grid", ...asked, protocol });
  const target = { machineId, modelName: "ozone-synthetic:4m", modelDigest: "sha256:abc" };
  await insertSweep(store.db, { id: sweepId, name: "test", request }, [target]);
  const [stored] = await listTargets(store.db, sweepId);
  await insertTrials(
    store.db,
    Array.from({ length: count }, (_, index) => ({
      id: `${trialId(index + 1, machineId)}${sweepId === "s-1" ? "" : `-${sweepId}`}`,
      sweepId,
      targetId: stored?.id ?? 0,
      machineId,
      ordinal: index,
      configuration: point({ numCtx: 1024 * (index + 1) }),
      protocol,
      purpose: Purpose.SCREEN,
      reason: "made for a test",
    })),
  );
}

/** A result as the bus delivers it; `acknowledged` tells whether the intake let it go. */
export function arrivedResult(result: TrialResult, machineId = result.machineId) {
  const state = { acknowledged: false };
  const arrived: ArrivedResult = {
    machineId,
    payload: toBinary(TrialResultSchema, result),
    attempt: { trialId: result.trialId, attempt: result.attempt },
    deliveries: 1,
    acknowledge: () => {
      state.acknowledged = true;
    },
  };
  return { arrived, state };
}
