// Every lie and fault that the scripted Ollama knows is told to the agent's own runTrial and must be found out, with the
// code of the table that the agent's tests use; the same script without its lie must pass.

import { newFolder, removeFolders, story } from "@ozone/agent/src/measure/trial-material.ts";
import { runTrial } from "@ozone/agent/src/run-trial.ts";
import {
  escapeOf,
  escapeOfOneBadSample,
  HARMLESS,
  ONE_BAD_SAMPLE,
  orderForLie,
  orderForOneBadSample,
  portsForLie,
  WAITING,
} from "@ozone/agent/src/testing/lies-caught.ts";
import { type TrialOrder, type TrialResult, Verdict } from "@ozone/proto/trial";
import { LIES, type ScriptChange, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { alone } from "../alone.ts";
import type { Claim, Finding } from "../claim.ts";

/** One story to be told: its script without the lie, its lies, its order, and what must come of it. */
interface Told {
  readonly name: string;
  readonly script: ScriptChange;
  readonly lies: NonNullable<ScriptChange["lies"]>;
  readonly order: () => TrialOrder;
  readonly escape: (result: TrialResult) => string | null;
}

const listed: readonly Told[] = LIES.map(({ name, needs }) => ({
  name,
  script: (needs ?? {}) as ScriptChange,
  lies: [name],
  order: () => orderForLie(name),
  escape: (result) => escapeOf(name, result),
}));

const oneBadSample: Told = {
  name: ONE_BAD_SAMPLE.name,
  script: {},
  lies: [ONE_BAD_SAMPLE],
  order: orderForOneBadSample,
  escape: escapeOfOneBadSample,
};

/** Lies of the scripted server, each caught with its own code. */
export const honestyCaught: Claim = {
  name: "honesty_caught",
  about: "lies and faults of the scripted server that the certificate catches with their own code",
  long: false,
  run: (log) =>
    alone(log, async () => {
      try {
        return await tellAll([...listed, oneBadSample], log);
      } finally {
        removeFolders();
      }
    }),
};

async function tellAll(all: readonly Told[], log: (line: string) => void): Promise<readonly Finding[]> {
  const cacheDir = newFolder();
  const lies = all.filter(({ name }) => !HARMLESS.has(name));
  const missed: string[] = [];
  const tell = async (one: Told): Promise<void> => {
    const missedBy = one.escape(await trialOf(one, one.lies, cacheDir));
    if (missedBy === null) return;
    log(`MISSED ${one.name}: ${missedBy}`);
    missed.push(one.name);
  };
  for (const one of all.filter(({ name }) => !WAITING.has(name))) await tell(one);
  // They keep the trial waiting and compute nothing meanwhile.
  await Promise.all(all.filter(({ name }) => WAITING.has(name)).map(tell));
  const caught = lies.filter(({ name }) => !missed.includes(name)).length;
  const harmless = all.length - lies.length;
  const disturbed = missed.filter((name) => HARMLESS.has(name));
  return [
    {
      ...{ name: "honesty_caught", value: caught, unit: `of ${lies.length} lies`, n: lies.length },
      ...{ goal: { least: lies.length }, low: null, high: null },
      detail:
        missed.length > 0
          ? `not as they must be: ${missed.join(", ")}`
          : `${harmless} more change no figure (${[...HARMLESS].join(", ")}) and pass`,
    },
    ...(disturbed.length > 0 ? [disturbedFinding(disturbed)] : []),
    await withoutLies(all, { cacheDir, log }),
  ];
}

/** A harmless peculiarity that is refused is a refusal of an honest server. */
const disturbedFinding = (names: readonly string[]): Finding => ({
  ...{ name: "honesty_caught_harmless", value: names.length, unit: "harmless peculiarities refused" },
  ...{ goal: { most: 0 }, low: null, high: null, n: HARMLESS.size },
});

/** The same scripts and orders with nothing told: each different one once. */
async function withoutLies(
  all: readonly Told[],
  { cacheDir, log }: { cacheDir: string; log: (line: string) => void },
): Promise<Finding> {
  const keyOf = ({ script, order }: Told): string => {
    const { configuration, protocol } = order();
    const point = { ...configuration, $unknown: undefined };
    return JSON.stringify([script, point, protocol?.repetitions]);
  };
  const twins = [...new Map(all.map((one) => [keyOf(one), one])).values()];
  let passed = 0;
  for (const twin of twins) {
    const result = await trialOf(twin, [], cacheDir);
    if (result.verdict === Verdict.VALID) passed += 1;
    else log(`REFUSED without its lie, ${twin.name}: ${story(result)}`);
  }
  return {
    ...{ name: "honesty_caught_without_lie", value: passed, unit: `of ${twins.length} scripts pass` },
    ...{ goal: { least: twins.length }, low: null, high: null, n: twins.length },
    detail: `the ${all.length} stories differ in ${twins.length} scripts and orders once their lies are left out`,
  };
}

async function trialOf(told: Told, lies: Told["lies"], cacheDir: string): Promise<TrialResult> {
  const server = await startScriptedOllama({ ...told.script, lies });
  try {
    return await runTrial(told.order(), portsForLie(server.url, cacheDir));
  } finally {
    await server.stop();
  }
}
