// The harness's own ear on the bus: which results it saw published and which receipts it saw given. It may miss some, for
// it is cut off as everybody is when nats-server is killed; what it saw is true.
import { createHash } from "node:crypto";
import { fromBinary } from "@bufbuild/protobuf";
import { ReceiptOutcome, ReceiptSchema } from "@ozone/proto/trial";
import { type Bus, connectBus, publishResultBytes } from "@ozone/shared/bus";

/** A result as it passed. */
export interface SeenResult {
  readonly machineId: string;
  readonly trialId: string;
  readonly attempt: number;
  readonly digest: string;
  readonly payload: Uint8Array;
}

/** A receipt as it passed. */
export interface SeenReceipt {
  /** trial/attempt */
  readonly attempt: string;
  readonly outcome: "stored" | "duplicate" | "stale" | "refused" | "unknown";
}

const OUTCOMES: Readonly<Record<number, SeenReceipt["outcome"]>> = {
  [ReceiptOutcome.STORED]: "stored",
  [ReceiptOutcome.DUPLICATE]: "duplicate",
  [ReceiptOutcome.STALE]: "stale",
  [ReceiptOutcome.REFUSED]: "refused",
};

/** SHA-256 of a result's bytes, as the agents' journals write it. */
export const digestOf = (payload: Uint8Array): string => createHash("sha256").update(payload).digest("hex");

/** An open ear. */
export class BusTap {
  readonly results: SeenResult[] = [];
  readonly receipts: SeenReceipt[] = [];
  readonly #bus: Bus;

  private constructor(bus: Bus) {
    this.#bus = bus;
  }

  static async open(natsUrl: string): Promise<BusTap> {
    const bus = await connectBus({ url: natsUrl, name: "schedules" });
    const tap = new BusTap(bus);
    tap.#listen("ozone.v1.result.*", (subject, data, about) => {
      const [, trialId = "", attempt = ""] = /^(.+)\.(\d+)$/.exec(about) ?? [];
      const machineId = subject.split(".").at(-1) ?? "";
      const payload = new Uint8Array(data);
      tap.results.push({ machineId, trialId, attempt: Number(attempt), digest: digestOf(payload), payload });
    });
    tap.#listen("ozone.v1.receipt.*", (_subject, data) => {
      const { trialId, attempt, outcome } = fromBinary(ReceiptSchema, data);
      tap.receipts.push({ attempt: `${trialId}/${attempt}`, outcome: OUTCOMES[outcome] ?? "unknown" });
    });
    return tap;
  }

  #listen(subject: string, hear: (subject: string, data: Uint8Array, about: string) => void): void {
    this.#bus.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) hear(message.subject, message.data, message.headers?.get("Ozone-Attempt") ?? "");
      },
    });
  }

  /** Publishes once more what was published before, byte by byte. @returns false while the bus is away. */
  async repeat(result: SeenResult): Promise<boolean> {
    const { machineId, trialId, attempt, payload } = result;
    return publishResultBytes(this.#bus, machineId, { trialId, attempt, payload }).then(
      () => true,
      () => false,
    );
  }

  close(): Promise<void> {
    return this.#bus.close();
  }
}
