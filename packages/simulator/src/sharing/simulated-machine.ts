// One of several equal machines: hands out the repetitions of a grid in an order of its own, a little faster or slower
// than the grid by factors of its own. It never runs out: what was handed out comes round again.
import type { MachineObservation } from "@ozone/coordinator/search/sharing/shared-search";
import type { Proposal } from "@ozone/coordinator/search/strategy";
import type { Configuration } from "@ozone/proto/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import type { GridPoint, GridRepetition, RecordedGrid } from "../grids/recorded-grid.ts";
import { FAILURES, handedOut, pointIn, sampleOf } from "../replay/replayer.ts";

/** How a machine differs from the grid that it hands out. */
export interface OwnFactors {
  /** Decode rate over the grid's. */
  readonly decode: number;
  /** TTFT over the grid's. */
  readonly ttft: number;
}

/** A trial that was simulated, and how long it took. */
export interface Simulated {
  readonly observation: MachineObservation;
  readonly seconds: number;
}

function owned(one: GridRepetition, { decode, ttft }: OwnFactors): GridRepetition {
  if (one.outcome !== "ok" || one.decode_tps === undefined || one.ttft_ms === undefined) return one;
  const addedMs = one.ttft_ms * (ttft - 1);
  const generatingSeconds = (one.seconds ?? 0) - one.ttft_ms / 1000;
  return {
    ...one,
    decode_tps: one.decode_tps * decode,
    ttft_ms: one.ttft_ms * ttft,
    ...(one.prefill_tps === undefined ? {} : { prefill_tps: one.prefill_tps / ttft }),
    // Loading is counted with generating: a slower machine takes longer for both.
    seconds: (one.seconds ?? 0) + addedMs / 1000 + Math.max(0, generatingSeconds) * (1 / decode - 1),
  };
}

/** A machine that does not exist. */
export class SimulatedMachine {
  readonly name: string;
  readonly #grid: RecordedGrid;
  readonly #own: OwnFactors;
  readonly #seed: string;
  readonly #taken = new Map<string, number>();
  readonly #orders = new Map<string, GridRepetition[]>();

  /** @param seed what the order of its repetitions is drawn from. */
  constructor(name: string, grid: RecordedGrid, { own, seed }: { own: OwnFactors; seed: string }) {
    this.name = name;
    this.#grid = grid;
    this.#own = own;
    this.#seed = seed;
  }

  #orderOf(point: GridPoint): GridRepetition[] {
    const known = this.#orders.get(point.key);
    if (known) return known;
    const order = seededRandom(`${this.#seed}/${this.name}/${point.key}`).shuffle(handedOut(point));
    this.#orders.set(point.key, order);
    return order;
  }

  #take(configuration: Configuration): GridRepetition | undefined {
    const point = pointIn(this.#grid, configuration);
    const order = this.#orderOf(point);
    const taken = this.#taken.get(point.key) ?? 0;
    this.#taken.set(point.key, taken + 1);
    return order[taken % order.length];
  }

  /** Runs one trial: as many repetitions as it asks for, until one fails. */
  run(proposal: Proposal): Simulated {
    const { configuration, purpose } = proposal;
    const taken: GridRepetition[] = [];
    let failureClass: string | null = null;
    const wanted = samplesWanted(proposal.protocol);
    while (taken.length < wanted && failureClass === null) {
      const one = this.#take(configuration);
      if (!one) break;
      taken.push(owned(one, this.#own));
      if (one.outcome !== "ok") failureClass = FAILURES[one.outcome];
    }
    const seconds = taken.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
    const samples = taken
      .filter(({ outcome }) => outcome === "ok")
      .map((one) => sampleOf(configuration, one));
    const observation: MachineObservation = {
      machine: this.name,
      configuration,
      purpose,
      state: failureClass ? "failed" : "done",
      failureClass,
      samples,
      wanted,
      elapsedMs: seconds * 1000,
    };
    return { observation, seconds };
  }
}
