// A coordinator that answers with fixed messages over real gRPC, made with the generated descriptors.
import { create, type DescService } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { Health } from "@ozone/proto/health";
import { MachineService } from "@ozone/proto/machine_service";
import { PresetService } from "@ozone/proto/preset_service";
import { QuarantineService } from "@ozone/proto/quarantine_service";
import { ReportService } from "@ozone/proto/report_service";
import { RolloutService } from "@ozone/proto/rollout_service";
import {
  type Sweep,
  type SweepRequest,
  SweepSchema,
  SweepState,
  TrialSchema,
  TrialState,
} from "@ozone/proto/sweep";
import { type StartSweepRequest, SweepService } from "@ozone/proto/sweep_service";
import { Verdict } from "@ozone/proto/trial";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { forecast } from "./sample-forecast.ts";
import { MACHINE, MODEL, PRESETS, point, sampleReport } from "./sample-report.ts";

type Answer = (request: never) => unknown;

/** What the fake can be told, and what it has seen. */
export interface FakeCoordinator {
  readonly address: string;
  /** Requests to start a sweep, as they arrived. */
  readonly started: SweepRequest[];
  /** Replaces answers, keyed "Service.method"; a thrown error becomes a gRPC status. */
  readonly answers: Map<string, Answer>;
  stop(): Promise<void>;
}

/** An error with a gRPC status, as the real coordinator sends it. */
export function grpcError(code: status, details: string): Partial<ServiceError> {
  return Object.assign(new Error(details), { code, details });
}

/** A sweep as the fake knows it. */
export const sweep = (values: Partial<Sweep> = {}): Sweep => Object.assign(baseSweep(), values);

const baseSweep = (): Sweep =>
  create(SweepSchema, {
    id: "s-0123456789",
    request: { name: "night", strategy: "quick", models: [MODEL] },
    state: SweepState.RUNNING,
    trialsPlanned: 3,
    remainingMs: 41_000,
  });

const trial = (id: string, values: { state: TrialState; failureClass?: string }) =>
  create(TrialSchema, {
    id,
    sweepId: "s-0123456789",
    machineId: MACHINE.id,
    modelName: MODEL,
    configuration: point(8192),
    state: values.state,
    verdict: values.failureClass ? Verdict.FAILED : Verdict.VALID,
    ...(values.failureClass
      ? { failure: { failureClass: values.failureClass, message: "no room" } }
      : { decodeTokensPerSecond: 43.9, prefillTokensPerSecond: 804, ttftMs: 9168, validSamples: 1 }),
  });

/** How a sweep goes here: two trials succeed, one fails. */
export const WATCHED = [
  {
    sweep: sweep({ trialsRunning: 1 }),
    running: [trial("t-1", { state: TrialState.RUNNING })],
    activities: ["lab-pc-17: filling 7372 tokens"],
    ended: [],
  },
  {
    sweep: sweep({ trialsRunning: 1, trialsDone: 1 }),
    running: [trial("t-2", { state: TrialState.RUNNING })],
    activities: [],
    ended: [trial("t-1", { state: TrialState.DONE })],
  },
  {
    sweep: sweep({ state: SweepState.DONE, trialsDone: 2, trialsFailed: 1, remainingMs: 0 }),
    running: [],
    activities: [],
    ended: [
      trial("t-2", { state: TrialState.DONE }),
      trial("t-3", { state: TrialState.FAILED, failureClass: "out_of_memory_load" }),
    ],
  },
];

const FIRST_ANSWERS: readonly (readonly [string, Answer])[] = [
  ["Health.check", () => ({ status: 1 })],
  ["MachineService.listMachines", () => ({ machines: [MACHINE] })],
  [
    "MachineService.getStatus",
    () => ({
      version: "0.1.0",
      database: "embedded",
      bus: "embedded 2.9.10",
      machinesOnline: 1,
      sweepsRunning: 0,
      presets: 3,
      uptimeMs: 65_000n,
      protocolVersion: 2,
    }),
  ],
  ["PresetService.listPresets", () => ({ presets: [...PRESETS] })],
  ["SweepService.listSweeps", () => ({ sweeps: [sweep()] })],
  [
    "SweepService.getSweep",
    () => ({
      sweep: sweep(),
      trials: [
        trial("t-1", { state: TrialState.DONE }),
        trial("t-3", { state: TrialState.FAILED, failureClass: "out_of_memory_load" }),
      ],
    }),
  ],
  ["SweepService.planSweep", () => forecast()],
  ["SweepService.cancelSweep", () => ({ sweep: sweep({ state: SweepState.CANCELLED }) })],
  ["SweepService.watchSweep", () => WATCHED],
  ["ReportService.buildReport", () => reportParts()],
];

/** The report in three parts, as the real one streams it. */
function reportParts() {
  const head = sampleReport({ results: [] });
  return [{ report: head }, ...sampleReport().results.map((result) => ({ report: { results: [result] } }))];
}

/** Starts a fake on a free port of loopback. */
export async function startFakeCoordinator(): Promise<FakeCoordinator> {
  const started: SweepRequest[] = [];
  const answers = new Map<string, Answer>(FIRST_ANSWERS);
  answers.set("SweepService.startSweep", ({ request }: StartSweepRequest) => {
    if (request) started.push(request);
    return { sweep: sweep({ trialsPlanned: 1 }) };
  });
  const server = new Server();
  for (const service of [
    Health,
    MachineService,
    PresetService,
    QuarantineService,
    ReportService,
    RolloutService,
    SweepService,
  ]) {
    server.addService(grpcDefinition(service), handlersOf(service, answers));
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    started,
    answers,
    stop: async () => server.forceShutdown(),
  };
}

type Unary = ServerUnaryCall<unknown, unknown>;
type Streaming = ServerWritableStream<unknown, unknown>;

function handlersOf(
  service: DescService,
  answers: ReadonlyMap<string, Answer>,
): UntypedServiceImplementation {
  return Object.fromEntries(
    service.methods.map((method) => {
      const answer = (request: unknown) => {
        const found = answers.get(`${service.name}.${method.localName}`);
        if (!found) throw grpcError(status.UNIMPLEMENTED, "no answer");
        return found(request as never);
      };
      const stream = (call: Streaming) => {
        try {
          for (const part of answer(call.request) as Record<string, unknown>[])
            call.write(create(method.output, part));
          call.end();
        } catch (thrown) {
          call.emit("error", thrown);
        }
      };
      const unary = (call: Unary, done: sendUnaryData<unknown>) => {
        try {
          done(null, create(method.output, answer(call.request) as Record<string, unknown>));
        } catch (thrown) {
          done(thrown as ServiceError);
        }
      };
      return [method.localName, method.methodKind === "server_streaming" ? stream : unary];
    }),
  );
}
