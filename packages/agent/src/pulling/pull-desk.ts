// Where the coordinator's orders to pull arrive: one at a time, only while nobody uses the machine and nothing is measured;
// what became of each is said with every heartbeat until the coordinator no longer gives the order.
import { create } from "@bufbuild/protobuf";
import { type PullOrder, type PullReport, PullReportSchema } from "@ozone/proto/pull";
import { messageOf } from "@ozone/shared/errors";
import { formatBytes } from "@ozone/shared/units";
import type { PullPorts, PullProgress } from "./pull-model.ts";

/** What the desk works with. */
export interface PullDeskPorts {
  /** Waits for the host, pulls, and gives it back. @returns the digest of the model that is there */
  readonly pull: (
    order: PullOrder,
    around: Pick<PullPorts, "signal" | "onProgress"> & { readonly onWait: () => void },
  ) => Promise<string>;
  /** Why nothing may be begun now, in words; null: it may. */
  readonly whyNot: () => string | null;
  /** What is being done, in words; null: nothing any more. */
  readonly onActivity: (words: string | null) => void;
  /** Something ended: it should be said soon. */
  readonly onDone: () => void;
  readonly log: (line: string) => void;
}

interface InHand {
  readonly order: PullOrder;
  readonly abort: AbortController;
  progress: PullProgress;
  /** Somebody needed the machine. */
  interrupted: boolean;
}

/** The desk. */
export class PullDesk {
  readonly #ports: PullDeskPorts;
  readonly #ended = new Map<string, PullReport>();
  #orders: readonly PullOrder[] = [];
  #inHand: InHand | null = null;
  #working: Promise<void> = Promise.resolve();

  constructor(ports: PullDeskPorts) {
    this.#ports = ports;
  }

  /** Hears which pulls are wanted; what is not among them any more is stopped and forgotten. */
  hear(orders: readonly PullOrder[]): void {
    this.#orders = orders;
    const wanted = new Set(orders.map(({ pullId }) => pullId));
    for (const id of this.#ended.keys()) if (!wanted.has(id)) this.#ended.delete(id);
    if (this.#inHand !== null && !wanted.has(this.#inHand.order.pullId)) this.#inHand.abort.abort();
    this.#beginNext();
  }

  /** Somebody came back: the pull in hand is stopped, and gone on with later. */
  interrupt(): void {
    if (this.#inHand === null) return;
    this.#inHand.interrupted = true;
    this.#inHand.abort.abort();
  }

  /** What to say of each order. */
  reports(): PullReport[] {
    return this.#orders.map(({ pullId }) => {
      const ended = this.#ended.get(pullId);
      if (ended) return ended;
      if (this.#inHand?.order.pullId !== pullId)
        return create(PullReportSchema, { pullId, state: "waiting", problem: this.#ports.whyNot() ?? "" });
      const { totalBytes, completedBytes } = this.#inHand.progress;
      return create(PullReportSchema, {
        pullId,
        state: "pulling",
        totalBytes: BigInt(totalBytes),
        completedBytes: BigInt(completedBytes),
      });
    });
  }

  /** Stops what is in hand and waits for its end. */
  async close(): Promise<void> {
    this.#orders = [];
    this.#inHand?.abort.abort();
    await this.#working;
  }

  #beginNext(): void {
    const next = this.#orders.find(({ pullId }) => !this.#ended.has(pullId));
    if (this.#inHand !== null || next === undefined || this.#ports.whyNot() !== null) return;
    const progress = { totalBytes: 0, completedBytes: 0 };
    const inHand: InHand = { order: next, abort: new AbortController(), progress, interrupted: false };
    this.#inHand = inHand;
    this.#working = this.#carryOut(inHand).finally(() => {
      this.#inHand = null;
      this.#ports.onActivity(null);
      this.#ports.onDone();
    });
  }

  async #carryOut(inHand: InHand): Promise<void> {
    const { pull, onActivity, log } = this.#ports;
    const { order, abort } = inHand;
    const { pullId, model } = order;
    log(`pull ${pullId}: ${model}`);
    onActivity(`pulling ${model}`);
    try {
      const digest = await pull(order, {
        signal: abort.signal,
        onWait: () => onActivity(`pulling ${model}: waiting for the host`),
        onProgress: (progress) => {
          inHand.progress = progress;
          const { completedBytes, totalBytes } = progress;
          onActivity(`pulling ${model}: ${formatBytes(completedBytes)} of ${formatBytes(totalBytes)}`);
        },
      });
      this.#ended.set(pullId, create(PullReportSchema, { pullId, state: "pulled", digest }));
      log(`pull ${pullId}: ${model} is there`);
    } catch (thrown) {
      if (abort.signal.aborted) {
        log(`pull ${pullId}: ${inHand.interrupted ? "stopped for now" : "not wanted any more"}`);
        return;
      }
      const problem = messageOf(thrown);
      this.#ended.set(pullId, create(PullReportSchema, { pullId, state: "failed", problem }));
      log(`pull ${pullId}: ${model} failed: ${problem}`);
    }
  }
}
