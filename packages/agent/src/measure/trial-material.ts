// Material for the tests that run whole trials: an order, ports that can read nothing of the machine, and a folder.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { type Sample, type TrialOrder, TrialOrderSchema, type TrialResult } from "@ozone/proto/trial";
import { type ConfigurationValues, configuration } from "@ozone/shared/configuration";
import { type TrialPorts, unknownConditions, unknownSampler } from "./ports.ts";

/** What a test says about its order. */
export interface OrderChange {
  readonly modelName?: string;
  readonly modelDigest?: string;
  readonly point?: Partial<ConfigurationValues>;
  readonly repetitions?: number;
  readonly launches?: number;
  readonly limitMs?: number;
  readonly purpose?: Purpose;
  /** Everything else of the protocol. */
  readonly protocol?: Omit<Partial<Protocol>, "$typeName" | "$unknown">;
  readonly allowBattery?: boolean;
}

/** An order for the scripted model: num_ctx 2048, one sample of 64 tokens. */
export function orderFor(change: OrderChange = {}): TrialOrder {
  return create(TrialOrderSchema, {
    trialId: "t-1",
    attempt: 1,
    machineId: "m-1",
    modelName: change.modelName ?? "scripted:tiny",
    modelDigest: change.modelDigest ?? "",
    configuration: configuration({ numCtx: 2048, numBatch: 256, numPredict: 64, ...change.point }),
    protocol: create(ProtocolSchema, {
      fill: 0.9,
      repetitions: change.repetitions ?? 1,
      launches: change.launches ?? 1,
      limitMs: change.limitMs ?? 120_000,
      ...change.protocol,
      allowBattery: change.allowBattery ?? false,
    }),
    purpose: change.purpose ?? Purpose.SCREEN,
  });
}

const folders: string[] = [];

/** A new folder below the system's temporary one; `removeFolders` ends it. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ozone-trial-"));
  folders.push(folder);
  return folder;
}

/** Removes all folders made so far: for afterAll. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Ports for a server; the machine's bandwidth is far above what any script here pretends. */
export const portsFor = (engineUrl: string, change: Partial<TrialPorts> = {}): TrialPorts => ({
  engineUrl,
  machine: {
    machineId: "m-1",
    hardwareClass: "test",
    agentVersion: "0.0.0",
    memoryBandwidthBytesPerSecond: 20e9,
    peakFlops: null,
  },
  cacheDir: newFolder(),
  signal: new AbortController().signal,
  onActivity: () => undefined,
  conditions: unknownConditions,
  sampler: unknownSampler,
  ...change,
});

/** Codes of all failed checks of a result, each once. */
export const failedCodes = ({ samples }: TrialResult): string[] => [
  ...new Set(
    samples.flatMap(({ checks }) => checks.flatMap(({ code, passed }) => (passed === false ? [code] : []))),
  ),
];

/** Codes of the checks that a sample leaves unknown. */
export const unknownCodes = ({ checks }: Sample): string[] =>
  checks.flatMap(({ code, passed }) => (passed === undefined ? [code] : []));

/** A sentence about a result, for the message of a failed expectation. */
export const story = ({ failure, samples, warnings }: TrialResult): string =>
  [
    failure === undefined ? "" : `${failure.failureClass}: ${failure.message}`,
    ...samples.flatMap(({ checks }) =>
      checks.flatMap(({ code, passed, detail }) => (passed === false ? [`${code}: ${detail}`] : [])),
    ),
    ...warnings.map(({ message }) => message),
  ].join(" | ");
