// What a trial needs from the rest of the agent, as small interfaces: the machine's rooms implement them, the simulator
// and the tests bring their own. Null always means: could not be read.
import type { TrialOrder } from "@ozone/proto/trial";
import type { AttemptWarning } from "./attempt.ts";
import type { ProbeMemory } from "./probe-options.ts";

/** Who measures, and the ceilings its numbers are held against; null and absent mean: not known. */
export interface MachineIdentity {
  readonly machineId: string;
  readonly hardwareClass: string;
  readonly agentVersion: string;
  /** Measured read bandwidth of main memory, bytes per second. */
  readonly memoryBandwidthBytesPerSecond: number | null;
  /** Measured read bandwidth of the last-level cache, all threads, bytes per second. */
  readonly cacheBandwidthBytesPerSecond?: number | null;
  /** Size of the last-level caches together, in bytes. */
  readonly cacheBytes?: number | null;
  /** Bandwidth of the GPU's memory, bytes per second; null without a GPU or when unknown. */
  readonly gpuMemoryBandwidthBytesPerSecond?: number | null;
  /** Measured or known peak of the processor, floating-point operations per second. */
  readonly peakFlops: number | null;
  /** Memory of the GPUs that have their own, all together, in bytes. */
  readonly vramBytes?: number | null;
  /** GPU drivers in words, "nvidia 560.35.03"; empty without any. */
  readonly driver?: string;
}

/** The machine at one moment. */
export interface ConditionsReading {
  readonly loadAverage: number | null;
  /** Load of others than Ozone and the engine, in cores. */
  readonly foreignLoadCores: number | null;
  /** "mains", "battery", "unknown". */
  readonly powerSource: string;
  readonly temperatureCelsius: number | null;
  /** Others were at work; null when it can't be seen. */
  readonly contended: boolean | null;
  /** How long the wait for a quiet machine took, in milliseconds. */
  readonly waitedMs: number;
  /** Use of the busiest GPU by others, 0 to 1. */
  readonly foreignGpuShare?: number | null;
  /** Mean clock of all cores, in MHz. */
  readonly clockMhz?: number | null;
}

/** Looks at the machine before an attempt. */
export interface ConditionsPort {
  /** Waits at most `limitMs` for others to stop working, then says how things are. Returns early when aborted. */
  waitUntilQuiet(limitMs: number, signal: AbortSignal): Promise<ConditionsReading>;
  /** Main memory that a new process could have now, in bytes; absent: can't be read. */
  availableBytes?(): number | null;
}

/** What happened on the machine between start and stop. */
export interface ResourceReading {
  /** Highest proportional set size of the engine's process tree, in bytes. */
  readonly peakPssBytes: number | null;
  /** Load of others meanwhile, in cores. */
  readonly foreignLoadCores: number | null;
  /** Whether it is more than a quiet machine has. */
  readonly contended: boolean | null;
  /** Whether the hardware says it slowed down. */
  readonly throttled: boolean | null;
  /** Use of the busiest GPU by others meanwhile, 0 to 1. */
  readonly foreignGpuShare?: number | null;
  /** Highest GPU memory of the engine's process tree, in bytes. */
  readonly peakVramBytes?: number | null;
  /** Least main memory that was available, in bytes. */
  readonly leastAvailableBytes?: number | null;
  /** Highest temperature of CPU and GPUs. */
  readonly peakTemperatureCelsius?: number | null;
  /** Mean clock of all cores, in MHz. */
  readonly clockMhz?: number | null;
  /** Of the processor packages and GPUs; only where all of them tell and nobody else used the machine. */
  readonly energyJoules?: number | null;
  /** Time spent in watching, in milliseconds: what it cost, at most. */
  readonly watchingMs?: number;
}

/** A sampler at work. */
export interface RunningSampler {
  /** Settled once what is read at the beginning has been: read beside a request, it would make the request late. */
  readonly ready?: Promise<unknown>;
  stop(): Promise<ResourceReading>;
}

/** Watches the machine during a sample, outside this event loop. */
export interface SamplerPort {
  start(): RunningSampler;
}

/** Memory that a server could have for a model now, in bytes. */
export interface MemoryRoom {
  /** Of the main memory. */
  readonly mainBytes: number;
  /** Of GPUs with memory of their own, all of it. */
  readonly gpuBytes: number;
}

/** Says how much room there is for a model. */
export interface RoomPort {
  /** Null: not known, or the server can't be seen to be on this machine. */
  read(): Promise<MemoryRoom | null>;
}

/** Settings in force as a server's log shows them; null: it does not say. */
export interface LoggedSettings {
  readonly kvCacheType: string | null;
  readonly flashAttention: boolean | null;
  readonly parallel: number | null;
  /** The server's own words on why it did not do as it was told; null without any. */
  readonly complaint: string | null;
}

/** A server that was started for one attempt. */
export interface ManagedServer {
  readonly url: string;
  /** Settings of its environment, as they were set. */
  readonly settings: Readonly<Record<string, string>>;
  readonly warnings: readonly AttemptWarning[];
  readonly conditions: ConditionsPort;
  readonly sampler: SamplerPort;
  readonly room: RoomPort;
  logged(): LoggedSettings;
  /** Why it had to be ended for want of memory; null when it had not. */
  outOfMemory(): string | null;
  /** How it ended by itself; null while it runs. */
  endedEarly(): string | null;
  /** Ends it, all of it. @returns why that could not be done, or null */
  stop(): Promise<string | null>;
}

/** Starts servers for what is a setting of the server. */
export interface ManagedPort {
  /** @throws TrialFailure option_refused when this machine can't; server_unreachable, cancelled */
  open(order: TrialOrder, signal: AbortSignal): Promise<ManagedServer>;
}

/** Everything around a trial. */
export interface TrialPorts {
  /** Base URL of the server, "http://127.0.0.1:11434". */
  readonly engineUrl: string;
  readonly machine: MachineIdentity;
  /** What its owner calls the machine: like the names of host and users it stays out of the result. */
  readonly machineName?: string;
  /** Told the sentence of a failure as it was where the result has it without names and addresses: for whoever is at the machine. */
  onFullSentence?(sentence: string): void;
  /** Folder for word pools and the note of what we have loaded. */
  readonly cacheDir: string;
  /** Ends the trial at once, with failure class `cancelled`. */
  readonly signal: AbortSignal;
  /** Tells a person what is being done. */
  onActivity(words: string): void;
  readonly conditions: ConditionsPort;
  readonly sampler: SamplerPort;
  /** Absent: nothing is refused for want of memory. */
  readonly room?: RoomPort;
  /** True: the order's limit is the only one; else the first sample must come within what its context usually takes. */
  readonly waitUntilLimit?: boolean;
  /** True: the model itself carries the options of the configuration, and no request says them. */
  readonly optionsInModel?: boolean;
  /** Keeps what was found out about the server's options between trials of one process; absent: each trial looks anew. */
  readonly probeMemory?: ProbeMemory;
  /** Starts a server for a trial of server settings; absent: such trials are refused. */
  readonly managed?: ManagedPort;
  /** The server of `engineUrl`, if it was started for this attempt. */
  readonly managedServer?: ManagedServer;
}

/** Conditions where nothing can be read. */
export const unknownConditions: ConditionsPort = {
  waitUntilQuiet: async () => ({
    loadAverage: null,
    foreignLoadCores: null,
    powerSource: "unknown",
    temperatureCelsius: null,
    contended: null,
    waitedMs: 0,
  }),
};

/** A sampler that sees nothing. */
export const unknownSampler: SamplerPort = {
  start: () => ({
    stop: async () => ({ peakPssBytes: null, foreignLoadCores: null, contended: null, throttled: null }),
  }),
};
