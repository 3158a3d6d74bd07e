// One launch of a cell: a fresh load on either side, then samples in the order A B B A A B B A ..., the agent's
// (`ozone-agent bench`, as a user has it) being A.
import { runToEnd } from "@ozone/e2e/setup/processes.ts";
import { type Cell, FILL, MODEL, NUM_PREDICT, type Rates } from "./cells.ts";
import { foreignCores, readLoad } from "./foreign-load.ts";
import { type Independent, startIndependent } from "./independent-process.ts";
import type { Placement } from "./placement.ts";
import type { Block, Launch } from "./record.ts";
import { startRelay } from "./relay.ts";

/** What a launch needs to know of its surroundings. */
export interface LaunchPlace {
  readonly engine: { readonly url: string; readonly pid: number };
  readonly modelPath: string;
  /** Where the agent keeps what it has learned about the model's words. */
  readonly dataDir: string;
  /** Who runs on which core; null: the scheduler decides. */
  readonly placement: Placement | null;
}

/** Blocks of a launch; the agent takes two samples for each. */
const BLOCKS = 2;

interface BenchDocument {
  readonly verdict: string;
  readonly failure: { readonly message: string } | null;
  readonly context: { readonly promptTokens: number };
  readonly samples: readonly {
    readonly valid: boolean;
    readonly decodeTokensPerSecond: number | null;
    readonly prefillTokensPerSecond: number | null;
  }[];
}

/** Runs one launch. */
export async function runLaunch(place: LaunchPlace, cell: Cell): Promise<Launch> {
  const { engine, placement } = place;
  const independent = await startIndependent(place.modelPath, cell);
  placement?.giveOwnCore(independent.pid);
  try {
    // The engine's runner is there from the agent's load on, and the agent asks about it before it measures.
    const turns = turnsOf(independent, () => placement?.giveChildrenOwnCore(engine.pid));
    const relay = await startRelay(engine.url, turns);
    const document = await runAgent(relay.url, place.dataDir, cell).finally(() => relay.close());
    if (turns.agentSamples() !== document.samples.length) {
      throw new Error(
        `${turns.agentSamples()} samples of the agent were seen, it reports ${document.samples.length}.`,
      );
    }
    return pairUp(document.samples, turns);
  } finally {
    await independent.stop();
  }
}

/** After every odd sample of the agent the independent side takes two, while the agent waits for an answer about state. */
function turnsOf(independent: Independent, onQuestion: () => void) {
  const wanted = `"num_predict":${NUM_PREDICT}`;
  const independentSamples: Rates[] = [];
  const foreign: (number | null)[] = [];
  let agentSamples = 0;
  let latest = readLoad();
  let blockStart = latest;
  let turn = Promise.resolve();
  return {
    independentSamples,
    foreign,
    agentSamples: () => agentSamples,
    recognise(request: string): boolean {
      const isSample = request.startsWith("POST /api/generate") && request.includes(wanted);
      if (isSample) agentSamples += 1;
      if (isSample && agentSamples % 2 === 1) blockStart = latest;
      return isSample;
    },
    beforeQuestion(): Promise<void> {
      onQuestion();
      turn = turn.then(async () => {
        const due = 2 * Math.ceil(agentSamples / 2);
        while (independentSamples.length < due) independentSamples.push(await independent.sample());
        latest = readLoad();
        if (foreign.length < Math.floor(agentSamples / 2)) foreign.push(foreignCores(blockStart, latest));
      });
      return turn;
    },
  };
}

async function runAgent(url: string, dataDir: string, cell: Cell): Promise<BenchDocument> {
  const flags = {
    "ollama-url": url,
    model: MODEL,
    "num-ctx": cell.numCtx,
    "num-batch": cell.numBatch,
    "num-thread": 1,
    "num-predict": NUM_PREDICT,
    fill: FILL,
    repetitions: 2 * BLOCKS,
  };
  const args = ["bench", ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
  const { code, stdout, stderr } = await runToEnd("agent", {
    args: [...args, "--json"],
    env: { OZONE_DATA_DIR: dataDir },
  });
  if (code !== 0 && code !== 3) throw new Error(`ozone-agent bench ended with ${code}: ${stdout}${stderr}`);
  const document = JSON.parse(stdout) as BenchDocument;
  if (document.context.promptTokens !== cell.promptTokens) {
    throw new Error(`The agent filled ${document.context.promptTokens} tokens, not ${cell.promptTokens}.`);
  }
  return document;
}

/** Blocks by the order in which samples were taken. A sample that the agent refuses takes its block with it. */
function pairUp(
  agent: BenchDocument["samples"],
  { independentSamples, foreign }: Pick<ReturnType<typeof turnsOf>, "independentSamples" | "foreign">,
): Launch {
  const blocks: Block[] = [];
  let refusedBlocks = 0;
  for (let at = 0; at + 1 < agent.length; at += 2) {
    const [first, last] = [ratesOf(agent[at]), ratesOf(agent[at + 1])];
    const [second, third] = [independentSamples[at], independentSamples[at + 1]];
    if (second === undefined || third === undefined)
      throw new Error("The two sides lost count of their turns.");
    if (first === null || last === null) refusedBlocks += 1;
    else {
      const others = foreign[at / 2] ?? null;
      blocks.push({ agent: [first, last], independent: [second, third], foreignCores: others });
    }
  }
  return { blocks, refusedBlocks };
}

function ratesOf(sample: BenchDocument["samples"][number] | undefined): Rates | null {
  const { decodeTokensPerSecond: decode, prefillTokensPerSecond: prefill } = sample ?? {};
  if (sample?.valid !== true || !decode || !prefill) return null;
  return { decode, prefill };
}
