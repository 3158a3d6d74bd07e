// `PlanSweep` over real gRPC on a real Postgres: what it says, and that it leaves nothing behind; and the tags by which it
// may mean machines.
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { Client, credentials, type Server } from "@grpc/grpc-js";
import { MachineService } from "@ozone/proto/machine_service";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { ForecastBasis, type PlanSweepResponse, SweepService } from "@ozone/proto/sweep_service";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { namedSweep } from "@ozone/shared/named-sweeps";
import { readSweep } from "@ozone/shared/sweep-file";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { buildReport } from "../reports/build-report.ts";
import { newestActs } from "../store/acts.ts";
import { saveMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listSweeps } from "../store/sweeps.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, madeAnnouncement, storeSweep, trialId } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { addService, createServer, listen, stopServer } from "./grpc-server.ts";
import { machineHandlers } from "./machines.ts";
import { sweepHandlers } from "./sweeps.ts";

let parts: RealParts;
let store: Store;
let server: Server;
let client: Client;
let woken = 0;
const LEASE_MS = 600_000;

beforeAll(async () => {
  parts = await openRealParts();
  store = await parts.newStore();
  server = createServer();
  const wake = () => {
    woken += 1;
  };
  addService(
    server,
    SweepService,
    sweepHandlers({
      store,
      leaseMs: LEASE_MS,
      wake,
      changed: async () => undefined,
      findModule: async () => null,
    }),
  );
  const about = { database: "embedded", bus: "embedded", startedAtMs: 0 };
  addService(
    server,
    MachineService,
    machineHandlers(store, { parts: about, coordinatorId: "c-1", leaseMs: LEASE_MS, now: () => 0 }),
  );
  client = new Client(await listen(server, "127.0.0.1:0"), credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await stopServer(server);
  await parts.close();
});

function call<Method extends DescMethodUnary>(
  { parent, localName, name, input }: Method,
  request: MessageInitShape<Method["input"]>,
): Promise<MessageShape<Method["output"]>> {
  const method = grpcDefinition(parent)[localName];
  if (!method) throw new Error(`${name} is no method of the service`);
  const message = create<Method["input"]>(input, request);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, answer?: unknown): void =>
      error ? reject(error) : resolve(answer as MessageShape<Method["output"]>);
    client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, message, done);
  });
}
const plan = (request: SweepRequest): Promise<PlanSweepResponse> =>
  call(SweepService.method.planSweep, { request });
const asked = (document: unknown): SweepRequest => readSweep(document).request ?? create(SweepRequestSchema);
const GRID = { matrix: { num_ctx: [1024, 4096], num_batch: [128, 512], num_predict: 64 } };

describe("PlanSweep", () => {
  it("refuses what StartSweep would refuse, in one sentence", async () => {
    await expect(plan(asked(GRID))).rejects.toThrow(/INVALID_ARGUMENT: No machine is online; start an agent/);
  });

  it("says unknown before anything was measured, then rests on what the machine did", async () => {
    await saveMachine(store.db, madeAnnouncement("m-1"));
    const before = (await plan(asked(GRID))).targets[0];
    expect([before?.basis, before?.duration, before?.configurations]).toEqual([
      ForecastBasis.UNKNOWN,
      undefined,
      4,
    ]);
    await storeSweep(store, 1);
    await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: LEASE_MS });
    await recordResults(store, [
      arrivedResult(
        madeResult({ trialId: trialId(1), decode: [90, 91], configuration: point({ numCtx: 1024 }) }),
      ).arrived,
    ]);
    const { targets, duration } = await plan(asked(GRID));
    expect(targets[0]).toMatchObject({
      machineName: "lab-m-1",
      modelName: "ozone-synthetic:4m",
      basis: ForecastBasis.RESULTS,
      earlierResults: 1,
    });
    // The sweep that gave the result runs still.
    expect(targets[0]?.notes.join()).toContain("serves a sweep that runs already first");
    expect(before?.notes.join()).not.toContain("already first");
    expect(duration).toEqual(targets[0]?.duration);
    expect(duration?.likelyMs).toBeGreaterThan(0);
  });

  it("does not count what another version of the engine measured", async () => {
    const upgraded = madeAnnouncement("m-1");
    if (upgraded.engine) upgraded.engine.version = "0.2.0";
    await saveMachine(store.db, upgraded);
    expect((await plan(asked(GRID))).targets[0]?.basis).toBe(ForecastBasis.UNKNOWN);
    await saveMachine(store.db, madeAnnouncement("m-1"));
  });

  it("plans seed-144 on a model with a short context: less, with the reason, and not refused", async () => {
    const short = madeAnnouncement("m-1");
    for (const model of short.models) model.trainedContext = 8192;
    await saveMachine(store.db, short);
    const [target] = (await plan(asked(namedSweep("seed-144")?.document))).targets;
    expect(target?.configurations).toBe(2 * 2 * 2 * 2 + 1);
    expect(target?.notes.join()).toContain("num_ctx 12288, 16384, 24576, 32768 left out");
  });

  it("says of equal machines that they would share the search, where that is asked for", async () => {
    await saveMachine(store.db, madeAnnouncement("m-1"));
    await saveMachine(store.db, madeAnnouncement("m-2"));
    const shared = (await plan(asked({ ...GRID, share: "class" }))).targets;
    expect(shared).toHaveLength(2);
    for (const { notes } of shared) expect(notes.join()).toContain("2 machines share this search");
    const alone = (await plan(asked(GRID))).targets.flatMap(({ notes }) => notes);
    expect(alone.join()).not.toContain("share this search");
    await expect(plan(asked({ strategy: "quick", share: "class" }))).rejects.toThrow(
      /INVALID_ARGUMENT: share class is not possible with the strategy quick/,
    );
  });

  it("stores nothing and starts nothing", async () => {
    expect((await listSweeps(store.db, 10)).map(({ id }) => id)).toEqual(["s-1"]);
    expect(woken).toBe(0);
  });
});

describe("the audit log", () => {
  const { startSweep, drainSweep, cancelSweep } = SweepService.method;

  it("has who tagged machines, and started, drained and cancelled sweeps, each once", async () => {
    const since = (await newestActs(store.db, 100)).length;
    for (const _ of ["once", "twice"])
      await call(MachineService.method.tagMachine, { machineId: "m-2", tags: ["audited"] });
    await call(MachineService.method.untagMachine, { machineId: "m-2", tags: ["audited"] });
    const { sweep } = await call(startSweep, { request: asked({ ...GRID, name: "night" }) });
    const sweepId = sweep?.id ?? "";
    for (const _ of ["once", "twice"]) await call(drainSweep, { sweepId });
    for (const _ of ["once", "twice"]) await call(cancelSweep, { sweepId });
    const noted = (await newestActs(store.db, 100)).reverse().slice(since);
    expect(noted.map(({ what, about, detail }) => [what, about, detail])).toEqual([
      ["tagged", "m-2", "+audited"],
      ["tagged", "m-2", "-audited"],
      ["started a sweep", sweepId, "night"],
      ["drained a sweep", sweepId, "night"],
      ["cancelled a sweep", sweepId, "night"],
    ]);
    expect(new Set(noted.map(({ who }) => who))).toEqual(new Set(["a user of the coordinator's machine"]));
  });
});

describe("the tags of a machine", () => {
  const { tagMachine, untagMachine, listMachines } = MachineService.method;
  const carried = async () =>
    (await call(listMachines, {})).machines.map(({ id, tags }) => `${id}: ${tags.join(" ")}`);

  it("are added and taken away, twice without an error, and stay when the machine announces itself again", async () => {
    await saveMachine(store.db, madeAnnouncement("m-2"));
    const { machine } = await call(tagMachine, { machineId: "m-2", tags: ["room_1", "gpu", "b", "gpu"] });
    expect(machine?.tags).toEqual(["b", "gpu", "room_1"]);
    await call(tagMachine, { machineId: "m-1", tags: ["gpu"] });
    await call(tagMachine, { machineId: "m-1", tags: ["gpu"] });
    for (const _ of ["once", "twice"]) await call(untagMachine, { machineId: "m-2", tags: ["b", "none"] });
    await saveMachine(store.db, madeAnnouncement("m-2"));
    expect(await carried()).toEqual(["m-1: gpu", "m-2: gpu room_1"]);
  });

  it("choose the machines of a sweep", async () => {
    const planned = async (tags: string[]) =>
      (await plan(asked({ ...GRID, tags }))).targets.map(({ machineName }) => machineName);
    expect(await planned(["gpu"])).toEqual(["lab-m-1", "lab-m-2"]);
    expect(await planned(["gpu", "room_1"])).toEqual(["lab-m-2"]);
    await expect(planned(["room_2"])).rejects.toThrow(
      'INVALID_ARGUMENT: No machine that is online carries the tag "room_2" (tags there: gpu, room_1)',
    );
  });

  it("are refused, all of them, when one is none, when they are too many, and where there is no such machine", async () => {
    const before = await carried();
    const tag = (machineId: string, tags: string[]) => call(tagMachine, { machineId, tags });
    await expect(tag("m-1", ["fine", "'; drop table machines"])).rejects.toThrow(
      /INVALID_ARGUMENT: A tag must be 1 to 40 of .*; "'; drop table machines" is none\./,
    );
    const many = Array.from({ length: 50 }, (_, index) => `t${index}`);
    await expect(tag("m-1", many)).rejects.toThrow(
      /INVALID_ARGUMENT: lab-m-1 would carry 51 tags, and 50 are the most/,
    );
    await expect(tag("m-9", ["fine"])).rejects.toThrow(/NOT_FOUND: There is no machine "m-9"/);
    expect(await carried()).toEqual(before);
  });

  it("are in no report", async () => {
    for await (const report of buildReport(store, { sweepId: "", leaseMs: LEASE_MS })) {
      expect(report.machines.map(({ id, tags }) => [id, tags])).toEqual(
        report.machines.map(({ id }) => [id, []]),
      );
      if (report.title !== "") expect(report.machines.map(({ id }) => id)).toContain("m-1");
    }
  });
});
