import { create } from "@bufbuild/protobuf";
import { ConfigurationSchema } from "@ozone/proto/configuration";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { configurationKey } from "@ozone/shared/configuration";
import { namedSweep } from "@ozone/shared/named-sweeps";
import { readSweep } from "@ozone/shared/sweep-file";
import { describe, expect, it } from "vitest";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { runTarget } from "../testing/made-target.ts";
import { chooseTargets } from "./choose-targets.ts";
import { completeRequest } from "./complete-request.ts";
import { fitToTarget } from "./fit-to-target.ts";
import { targetPlanner } from "./plan-target.ts";

const named = (name: string): SweepRequest =>
  completeRequest(readSweep(namedSweep(name)?.document).request ?? create(SweepRequestSchema));

/** Two cores; its one model was trained for as many tokens. */
function machineWith({ trainedContext = 131_072, managedProblem = "" } = {}) {
  const announcement = madeAnnouncement("m-1");
  announcement.managedProblem = managedProblem;
  for (const model of announcement.models) model.trainedContext = trainedContext;
  return announcement;
}
const fit = (request: SweepRequest, announcement = machineWith()) =>
  fitToTarget(request, announcement, "sha256:abc");
const row = (announcement = machineWith()) => ({
  id: "m-1",
  announcement,
  activity: "idle",
  lastSeenAt: new Date(0),
  silentMs: 0,
  tags: [],
});

describe("fitting a named sweep to a target", () => {
  it("leaves out contexts beyond the trained length and says so, instead of refusing the sweep", () => {
    const small = machineWith({ trainedContext: 16_384 });
    expect(chooseTargets(named("seed-144"), [row(small)])).toHaveLength(1);
    const { matrix, notes } = fit(named("seed-144"), small);
    expect(matrix.numCtx).toEqual([4096, 8192, 12_288, 16_384]);
    expect(notes).toEqual([
      "lab-m-1, ozone-synthetic:4m: num_ctx 24576, 32768 left out: the model was trained for 16384 tokens.",
    ]);
  });

  it("measures the model's own length where no context of the matrix is left", () => {
    const { matrix, notes } = fit(named("seed-144"), machineWith({ trainedContext: 2048 }));
    expect(matrix.numCtx).toEqual([]);
    expect(notes[0]).toContain("num_ctx 2048 is measured in their place");
  });

  it("keeps the numbers of threads that suit the cores", () => {
    const { matrix, notes } = fit(named("standard"));
    expect(matrix.numThread).toEqual([1, 2]);
    expect(notes.join()).toContain("the machine has 2 logical cores");
  });

  it("measures on the user's own server where the agent can't start one, with the agent's reason", () => {
    const closed = machineWith({ managedProblem: "The models belong to ollama." });
    expect(chooseTargets(named("seed-144"), [row(closed)])).toHaveLength(1);
    const { matrix, protocol, notes } = fit(named("seed-144"), closed);
    expect([matrix.kvCacheType, protocol.managed]).toEqual([[], false]);
    expect(notes).toEqual([
      "lab-m-1, ozone-synthetic:4m: kv_cache_type f16, q8_0 left out: the agent can't start an Ollama server of its own: The models belong to ollama.",
    ]);
    expect(fit(named("seed-144")).protocol.managed).toBe(true);
  });

  it("changes nothing of a sweep that does not ask for it", () => {
    const request = named("seed-144");
    request.leaveOutMisfits = false;
    const { matrix, notes } = fit(request, machineWith({ trainedContext: 16_384 }));
    expect([matrix.numCtx.length, notes]).toEqual([6, []]);
    expect(() => chooseTargets(request, [row(machineWith({ trainedContext: 16_384 }))])).toThrow(
      /num_ctx 24576 is beyond/,
    );
  });

  it("plans the seed's 48 configurations beside the default in 28 trials of three fills each", () => {
    const { ran } = runTarget(targetPlanner, named("seed-144"), { rateOf: () => 100, trialMs: 1000 });
    const screens = ran.filter(({ reason }) => reason.includes("of the grid"));
    expect(screens).toHaveLength(28);
    const lengths = screens.flatMap(({ configuration, protocol }) =>
      [configuration.numPredict, ...protocol.shorterPredicts].map((numPredict) =>
        configurationKey(create(ConfigurationSchema, { ...configuration, numPredict })),
      ),
    );
    expect([lengths.length, new Set(lengths).size]).toEqual([48, 48]);
    expect(new Set(screens.map(({ protocol }) => protocol.repetitions))).toEqual(new Set([3]));
    expect(ran.some(({ reason }) => reason === "the default, to compare with")).toBe(true);
  });
});
