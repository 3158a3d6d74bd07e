// A message from quarantine through the intake again: the same checks, of its signature too, the same fencing, counted at most once.
import { ReceiptOutcome } from "@ozone/proto/trial";
import { OzoneError } from "@ozone/shared/errors";
import { noteAct } from "../store/acts.ts";
import type { Store } from "../store/open-store.ts";
import { dropQuarantined, findQuarantined } from "../store/quarantine.ts";
import type { PresetKey } from "../store/results.ts";
import { recordResults } from "./record-results.ts";
import { FOREIGN_SIGNATURE } from "./signed-by.ts";

/** What came of it. */
export interface Retried {
  readonly outcome: ReceiptOutcome;
  /** Empty when it counts. */
  readonly reason: string;
  readonly released: boolean;
  /** The presets that it touches. */
  readonly touched: PresetKey | null;
}

/** Its result counts: by this, or since before. */
const counts = (outcome: ReceiptOutcome): boolean =>
  outcome === ReceiptOutcome.STORED || outcome === ReceiptOutcome.DUPLICATE;

const WORDS: Readonly<Record<ReceiptOutcome, string>> = {
  [ReceiptOutcome.UNSPECIFIED]: "unknown",
  [ReceiptOutcome.STORED]: "counted",
  [ReceiptOutcome.DUPLICATE]: "counted before",
  [ReceiptOutcome.STALE]: "its attempt no longer counts",
  [ReceiptOutcome.REFUSED]: "refused",
};

async function findWhole(store: Store, id: number) {
  const message = await findQuarantined(store.db, id);
  if (message === null) throw noSuchMessage(id);
  if (!message.cut) return message;
  throw new OzoneError(
    "invalid_input",
    `Message ${id} was too large to be kept whole (${message.keptBytes} bytes are), so it can't be tried again; drop it.`,
  );
}

/** The one sentence for an id that is not in quarantine. */
export const noSuchMessage = (id: number | bigint): OzoneError =>
  new OzoneError(
    "not_found",
    `There is no message ${id} in quarantine; \`ozone quarantine list\` shows all.`,
  );

/**
 * Tries one again. A kill between counting and releasing leaves it in quarantine; the next try finds a duplicate.
 * @param who the caller, for the audit log
 * @throws OzoneError not_found, or invalid_input for a message that was not kept whole
 */
export async function retryQuarantined(store: Store, id: number, who: string): Promise<Retried> {
  const { machineId, payload, signature, reason: refusedFor } = await findWhole(store, id);
  // A row from before signatures were kept says only by its reason that there was one.
  const mustBeSigned = refusedFor === FOREIGN_SIGNATURE;
  const message = { machineId, payload, signature, mustBeSigned, attempt: null, deliveries: 1 };
  const [recorded] = await recordResults(store, [{ ...message, acknowledge: () => undefined }]);
  // What names no attempt, and what its machine did not sign, gets no receipt.
  const outcome = recorded?.receipt?.outcome ?? ReceiptOutcome.REFUSED;
  const reason = recorded?.reason ?? "";
  const released = counts(outcome);
  await store.db.transaction(async (tx) => {
    if (released) await dropQuarantined(tx, { ids: [id], machineId: "", olderThanMs: 0 });
    const act = { what: "tried a message in quarantine again", about: machineId };
    await noteAct(tx, { who, ...act, detail: `message ${id}: ${WORDS[outcome]}` });
  });
  return { outcome, reason, released, touched: recorded?.touched ?? null };
}
