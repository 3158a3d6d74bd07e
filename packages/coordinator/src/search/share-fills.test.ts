import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { configuration, configurationKey, promptTokensFor } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeState } from "../testing/made-machine.ts";
import { grid } from "./grid.ts";
import { baseConfiguration, expandMatrix } from "./option-space.ts";
import { shareFills, sharingNotes } from "./share-fills.ts";

const asked = { shareFill: true, fill: 0.9 };
const points = (matrix: object) =>
  expandMatrix(create(MatrixSchema, matrix), baseConfiguration(madeState(0)));
const SEED = { numCtx: [4096, 8192], numBatch: [8, 16], numPredict: [256, 512] };

describe("fills that output lengths share", () => {
  it("are those of the longest, where the shorter one would send the same prompt", () => {
    const planned = shareFills(points(SEED), asked).map(({ configuration: one, shorterPredicts }) => [
      one.numCtx,
      one.numBatch,
      one.numPredict,
      shorterPredicts,
    ]);
    // At 4096 an answer of 512 tokens leaves 3576 for the prompt, one of 256 all of the 3686 asked for.
    expect(planned).toEqual([
      [4096, 8, 256, []],
      [4096, 8, 512, []],
      [4096, 16, 256, []],
      [4096, 16, 512, []],
      [8192, 8, 512, [256]],
      [8192, 16, 512, [256]],
    ]);
  });

  it("are nobody's where the sweep does not ask for it, and with several requests at a time", () => {
    const alone = shareFills(points(SEED), { ...asked, shareFill: false });
    expect(alone).toHaveLength(8);
    const two = points({ ...SEED, concurrency: [1, 2] });
    const sharing = shareFills(two, asked).filter(({ shorterPredicts }) => shorterPredicts.length > 0);
    expect(sharing.map(({ configuration: one }) => one.concurrency)).toEqual([1, 1]);
  });

  it("measure every point exactly once, and send each the prompt that it would have sent itself", () => {
    const some = (from: number, to: number) =>
      fc.uniqueArray(fc.integer({ min: from, max: to }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        some(300, 9000),
        some(1, 250),
        some(1, 3),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (numCtx, numPredict, concurrency, fill) => {
          const all = points({ numCtx, numPredict, concurrency });
          const measured = shareFills(all, { shareFill: true, fill }).flatMap((one) => [
            one.configuration,
            ...one.shorterPredicts.map((shorter) =>
              configuration({ ...pointValues(one.configuration), numPredict: shorter }),
            ),
          ]);
          expect(measured.map(configurationKey).sort()).toEqual(all.map(configurationKey).sort());
          for (const one of shareFills(all, { shareFill: true, fill })) {
            const { numCtx: context } = one.configuration;
            for (const shorter of one.shorterPredicts) {
              expect(promptTokensFor({ numCtx: context, numPredict: shorter }, fill)).toBe(
                promptTokensFor(one.configuration, fill),
              );
            }
          }
        },
      ),
    );
  });

  it("are planned as one trial by the grid, which says how many there are, and confirmed each by itself", () => {
    const state = madeState(0);
    const matrix = create(MatrixSchema, SEED);
    const { trials, notes } = grid.next({
      ...state,
      matrix,
      protocol: { ...state.protocol, shareFill: true },
    });
    expect(trials.map(({ protocol }) => protocol.shorterPredicts)).toEqual([
      [],
      [],
      [],
      [],
      [],
      [256],
      [256],
    ]);
    expect(trials.at(-1)?.reason).toBe("point 6 of 6 of the grid, and num_predict 256 behind its fills");
    expect(notes).toEqual([
      "Output lengths share fills: 6 trials measure 8 points of the grid. Where only num_predict differs, TTFT and prefill are figures of the same fills.",
      "num_ctx 4096 is filled anew for each num_predict: a longer answer leaves less room for the prompt there.",
    ]);
    expect(trials.every(({ purpose }) => purpose === Purpose.SCREEN)).toBe(true);
    expect(sharingNotes(points(SEED), { ...asked, shareFill: false })).toEqual([]);
  });
});

const pointValues = ({ numCtx, numBatch, numThread, concurrency }: ReturnType<typeof configuration>) => ({
  numCtx,
  numBatch,
  concurrency,
  numPredict: 0,
  ...(numThread === undefined ? {} : { numThread }),
});
