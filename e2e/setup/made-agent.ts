// An agent that measures nothing: it speaks to a real coordinator over the real bus as an agent does, and answers each
// order at once with figures made by arithmetic. For stories in which the coordinator is what is looked at.
import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { HeartbeatSchema } from "@ozone/proto/machine";
import type { TrialOrder, TrialResult } from "@ozone/proto/trial";
import {
  announce,
  type Bus,
  type BusOptions,
  connectBus,
  encodeResult,
  onReceipt,
  publishResultBytes,
  sendHeartbeat,
  takeTrialOrder,
} from "@ozone/shared/bus";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { sleep } from "../../packages/agent/src/pause.ts";
import { madeResult } from "../../packages/coordinator/src/testing/made-results.ts";
import { madeAnnouncement } from "../../packages/coordinator/src/testing/made-sweep.ts";

/** What it is like. */
export interface MadeAgentOptions {
  readonly natsUrl: string;
  /** Comes as an enrolled machine instead of by what the url says. */
  readonly as?: Pick<BusOptions, "identity" | "caPem" | "onStatus">;
  readonly machineId: string;
  /** Times as fast as the others. */
  readonly speed?: number;
  /** Waited for before each result is sent. */
  readonly mayReport?: (machineId: string) => Promise<void>;
  /** Sends a result again and again until its receipt comes, as an agent does. */
  readonly untilReceipt?: boolean;
}

const HEARTBEAT_MS = 1_000;
const RETRY_MS = 500;
const RECEIPT_WAIT_MS = 1_000;

function answer(
  { trialId, attempt, machineId, sweepId, modelDigest, configuration, protocol, purpose }: TrialOrder,
  speed: number,
): TrialResult {
  const rate = speed * (100 + (configuration?.numBatch ?? 0) / 100);
  const repetitions = samplesWanted(protocol ?? { launches: 1, repetitions: 1 });
  const made = madeResult({
    trialId,
    attempt,
    machineId,
    ...(configuration ? { configuration } : {}),
    purpose,
    decode: Array.from({ length: repetitions }, () => rate),
    ttftMs: (configuration?.numCtx ?? 1) / speed,
  });
  return { ...made, sweepId, modelDigest };
}

/** A running one. */
export class MadeAgent {
  readonly #bus: Bus;
  readonly #options: MadeAgentOptions;
  readonly #ended = new AbortController();
  readonly #beating: NodeJS.Timeout;
  #working: Promise<void> = Promise.resolve();
  #order: TrialOrder | null = null;
  /** Attempts whose receipt came, with the digest of what was sent. */
  readonly receipted = new Map<string, string>();

  private constructor(bus: Bus, options: MadeAgentOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#beating = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Announces itself and takes orders until it is stopped. */
  static async start(options: MadeAgentOptions): Promise<MadeAgent> {
    const bus = await connectBus({ url: options.natsUrl, name: options.machineId, ...options.as });
    const { accepted, reason } = await announce(bus, madeAnnouncement(options.machineId));
    if (!accepted) throw new Error(`${options.machineId} was refused: ${reason}`);
    const agent = new MadeAgent(bus, options);
    agent.#working = agent.#work();
    return agent;
  }

  #beat(): void {
    const { machineId } = this.#options;
    const { trialId = "", attempt = 0 } = this.#order ?? {};
    // While no coordinator listens there is nobody to tell.
    sendHeartbeat(this.#bus, create(HeartbeatSchema, { machineId, trialId, attempt })).catch(() => undefined);
  }

  async #work(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        await this.#takeOne();
      } catch {
        // Barred, or the bus is away: it goes on when it is let in again, as an agent does.
        this.#order = null;
        await sleep(RETRY_MS, this.#ended.signal);
      }
    }
  }

  async #takeOne(): Promise<void> {
    const { machineId, speed = 1, mayReport } = this.#options;
    // A signal of its own each time: listeners that stay would pile up on the one.
    const signal = AbortSignal.any([this.#ended.signal]);
    const taken = await takeTrialOrder(this.#bus, machineId, { waitMs: 2_000, signal });
    if (!taken) return;
    this.#order = taken.order;
    await mayReport?.(machineId);
    const { trialId, attempt } = taken.order;
    const payload = encodeResult(answer(taken.order, speed));
    await this.#send({ trialId, attempt, payload });
    this.#order = null;
    taken.done();
  }

  async #send(result: { trialId: string; attempt: number; payload: Uint8Array }): Promise<void> {
    const { machineId, untilReceipt = false } = this.#options;
    const name = `${result.trialId}/${result.attempt}`;
    const received = new AbortController();
    const unsubscribe = onReceipt(this.#bus, machineId, ({ trialId, attempt }) => {
      if (`${trialId}/${attempt}` !== name) return;
      this.receipted.set(name, createHash("sha256").update(result.payload).digest("hex"));
      received.abort();
    });
    do {
      await publishResultBytes(this.#bus, machineId, result);
      if (untilReceipt) await sleep(RECEIPT_WAIT_MS, AbortSignal.any([received.signal, this.#ended.signal]));
    } while (untilReceipt && !this.receipted.has(name) && !this.#ended.signal.aborted);
    unsubscribe();
  }

  async stop(): Promise<void> {
    clearInterval(this.#beating);
    this.#ended.abort();
    await this.#working;
    await this.#bus.close();
  }
}
