// `PlanSweep` over real gRPC on a real Postgres: what it says, and that it leaves nothing behind.
import { create } from "@bufbuild/protobuf";
import { Client, credentials, type Server } from "@grpc/grpc-js";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import {
  ForecastBasis,
  PlanSweepRequestSchema,
  type PlanSweepResponse,
  SweepService,
} from "@ozone/proto/sweep_service";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { namedSweep } from "@ozone/shared/named-sweeps";
import { readSweep } from "@ozone/shared/sweep-file";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { saveMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listSweeps } from "../store/sweeps.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, madeAnnouncement, storeSweep, trialId } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { addService, createServer, listen, stopServer } from "./grpc-server.ts";
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
  client = new Client(await listen(server, "127.0.0.1:0"), credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await stopServer(server);
  await parts.close();
});

function plan(request: SweepRequest): Promise<PlanSweepResponse> {
  const method = grpcDefinition(SweepService).planSweep;
  if (!method) throw new Error("PlanSweep is no method of the service");
  const message = create(PlanSweepRequestSchema, { request });
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, answer?: unknown): void =>
      error ? reject(error) : resolve(answer as PlanSweepResponse);
    client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, message, done);
  });
}
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
      arrivedResult(madeResult({ trialId: trialId(1), decode: [90, 91] })).arrived,
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
