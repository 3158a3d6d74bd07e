// Where the coordinator's orders to apply come in and what came of them goes out. After a heartbeat that says so it is
// asked what to do; outcomes are said again until the coordinator has them. One order is in hand at a time.
import { create } from "@bufbuild/protobuf";
import {
  type ApplyingAnswer,
  type ApplyingOrder,
  type ApplyingOutcome,
  type ApplyingQuestion,
  ApplyingQuestionSchema,
} from "@ozone/proto/applying";
import { messageOf } from "@ozone/shared/errors";
import { withdrawnOutcome } from "./order-outcome.ts";
import { isOrderId, readRecord, unrecordedOutcomes, writeRecord } from "./order-records.ts";

/** What the desk needs. */
export interface DeskPorts {
  readonly machineId: string;
  /** Where the records are. */
  readonly folder: string;
  readonly stop: AbortSignal;
  /** @throws OzoneError unavailable while no coordinator listens */
  ask(question: ApplyingQuestion): Promise<ApplyingAnswer>;
  /** Carries an order out alone on the host; what it returns is on disk. */
  carryOut(
    order: ApplyingOrder,
    around: { signal: AbortSignal; say(words: string): void },
  ): Promise<ApplyingOutcome>;
  /** What is being done, in words; null: nothing any more. */
  onActivity(words: string | null): void;
  /** An outcome is there to be said. */
  onDone(): void;
  log(line: string): void;
}

interface InHand {
  readonly orderId: string;
  readonly abort: AbortController;
  activity: string;
  ended: Promise<void>;
}

/** The desk of one agent. */
export class OrderDesk {
  readonly #ports: DeskPorts;
  readonly #unsaid = new Map<string, ApplyingOutcome>();
  #inHand: InHand | null = null;
  #asking: Promise<void> | null = null;

  private constructor(ports: DeskPorts, unsaid: readonly ApplyingOutcome[]) {
    this.#ports = ports;
    for (const outcome of unsaid) this.#unsaid.set(outcome.orderId, outcome);
  }

  /** Opens it with what an earlier agent left to be said. Records that can't be read are told of, and lost. */
  static async open(ports: DeskPorts): Promise<OrderDesk> {
    const unsaid = await unrecordedOutcomes(ports.folder).catch((thrown: unknown) => {
      ports.log(`what came of orders to apply could not be read: ${messageOf(thrown)}`);
      return [];
    });
    return new OrderDesk(ports, unsaid);
  }

  /** Whether an order is being carried out: nothing else may ask the engine then. */
  get busy(): boolean {
    return this.#inHand !== null;
  }

  /** After each heartbeat that was answered. */
  hear(applyingWaits: boolean): void {
    if (this.#asking !== null || this.#ports.stop.aborted) return;
    if (!applyingWaits && this.#inHand === null && this.#unsaid.size === 0) return;
    this.#asking = this.#exchange()
      .catch((thrown: unknown) => this.#ports.log(`orders to apply: ${messageOf(thrown)}`))
      .finally(() => {
        this.#asking = null;
      });
  }

  /** Resolves when what was in hand has been undone or ended; call it after `stop` aborted. */
  async close(): Promise<void> {
    await this.#asking;
    await this.#inHand?.ended;
  }

  async #exchange(): Promise<void> {
    const { machineId, folder, ask } = this.#ports;
    const answer = await ask(
      create(ApplyingQuestionSchema, {
        machineId,
        orderInHand: this.#inHand?.orderId ?? "",
        activity: this.#inHand?.activity ?? "",
        outcomes: [...this.#unsaid.values()],
      }),
    );
    for (const orderId of answer.recordedOrderIds.filter(isOrderId)) {
      await writeRecord(folder, { ...(await readRecord(folder, orderId)), recorded: true });
      this.#unsaid.delete(orderId);
    }
    for (const orderId of answer.withdrawnOrderIds.filter(isOrderId)) await this.#withdraw(orderId);
    if (answer.order !== undefined && isOrderId(answer.order.orderId)) await this.#take(answer.order);
  }

  async #withdraw(orderId: string): Promise<void> {
    const { folder, onDone, log } = this.#ports;
    if (this.#inHand?.orderId === orderId) {
      // Said again with each answer until it has ended.
      if (!this.#inHand.abort.signal.aborted) log(`order ${orderId} is withdrawn; what was begun is undone`);
      return this.#inHand.abort.abort();
    }
    const record = await readRecord(folder, orderId);
    const outcome = record.outcome ?? withdrawnOutcome(orderId);
    if (record.outcome === null) await writeRecord(folder, { ...record, outcome });
    this.#unsaid.set(orderId, outcome);
    onDone();
  }

  /** An order that was carried out before is answered with what came of it. */
  async #take(order: ApplyingOrder): Promise<void> {
    if (this.#inHand !== null || this.#ports.stop.aborted) return;
    const { outcome } = await readRecord(this.#ports.folder, order.orderId);
    if (outcome === null) return this.#begin(order);
    this.#unsaid.set(order.orderId, outcome);
    this.#ports.onDone();
  }

  #begin(order: ApplyingOrder): void {
    const { orderId } = order;
    const inHand: InHand = {
      orderId,
      abort: new AbortController(),
      activity: "starting",
      ended: Promise.resolve(),
    };
    this.#inHand = inHand;
    this.#ports.log(`order ${orderId}: ${order.name}`);
    inHand.ended = this.#carryOut(order, inHand).finally(() => {
      this.#inHand = null;
      this.#ports.onActivity(null);
      this.#ports.onDone();
    });
  }

  async #carryOut(order: ApplyingOrder, inHand: InHand): Promise<void> {
    const { stop, carryOut, onActivity, log } = this.#ports;
    const say = (words: string): void => {
      inHand.activity = words;
      onActivity(`applying ${order.name}: ${words}`);
    };
    try {
      const signal = AbortSignal.any([inHand.abort.signal, stop]);
      const outcome = await carryOut(order, { signal, say });
      this.#unsaid.set(order.orderId, outcome);
      log(`order ${order.orderId}: ${outcome.outcome}: ${outcome.because.join(" ")}`);
    } catch (thrown) {
      // It is offered again, and what was begun is gone on with or undone first.
      log(`order ${order.orderId} is to be tried again: ${messageOf(thrown)}`);
    }
  }
}
