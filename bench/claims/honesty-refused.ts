// What is honest must pass: 2,000 samples of scripted servers that differ as real ones do, and 200 on the reference engine.
import { probeMachine } from "@ozone/agent/src/machine/identify.ts";
import { newFolder, removeFolders } from "@ozone/agent/src/measure/trial-material.ts";
import { machineCeilings } from "@ozone/agent/src/measuring-machine.ts";
import { alone } from "../alone.ts";
import type { Claim, Finding } from "../claim.ts";
import { startEngine } from "../engine-process.ts";
import { Tally } from "../honesty/refusals.ts";
import { type CaseOrder, engineTrial, scriptedTrial, type ToldResult } from "../honesty/trials.ts";

const SCRIPTED = { samples: 2_000, perCase: 24, refused: 4, percent: 0.5 };
const ENGINE = { samples: 200, perCase: 20, refused: 1 };
const SEED = 20_261;

/** More trials than this many times the least have given too few samples: something is broken. */
const TRIALS_FACTOR_MAX = 2;

type Log = (line: string) => void;

/** Honest samples, refused or not. */
export const honestyRefused: Claim = {
  name: "honesty_refused",
  about: "honest samples that the certificate refuses",
  long: false,
  run: (log) =>
    alone(log, async () => {
      try {
        const scripted = await count(SCRIPTED, log, scriptedTrial);
        return [...scripted.findings("honesty_refused_scripted", SCRIPTED), ...(await onTheEngine(log))];
      } finally {
        removeFolders();
      }
    }),
};

async function onTheEngine(log: Log): Promise<readonly Finding[]> {
  const facts = await probeMachine();
  const engine = await startEngine(newFolder());
  const machine = machineCeilings("m-bench", facts, engine.url);
  try {
    const tally = await count(ENGINE, log, (order) => engineTrial(order, { url: engine.url, machine }));
    return tally.findings("honesty_refused_engine", ENGINE);
  } finally {
    await engine.stop();
  }
}

/** Runs cases until there are as many samples as are wanted. */
async function count(
  { samples, perCase }: { readonly samples: number; readonly perCase: number },
  log: Log,
  run: (order: CaseOrder) => Promise<ToldResult>,
): Promise<Tally> {
  const tally = new Tally();
  const cacheDir = newFolder();
  for (let index = 0; tally.taken < samples; index += 1) {
    if (index * perCase >= TRIALS_FACTOR_MAX * samples) {
      throw new Error(`${index} trials gave only ${tally.taken} samples of ${samples}.`);
    }
    const wanted = Math.min(perCase, samples - tally.taken);
    const { words, result } = await run({ index, seed: SEED, samples: wanted, cacheDir });
    for (const { story } of tally.add(words, result)) log(`REFUSED ${story}`);
    if (index % 10 === 9) log(`${tally.taken} of ${samples} samples, ${tally.refusals.length} refused`);
  }
  return tally;
}
