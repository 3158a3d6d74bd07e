// The intake's loop body: fetch, record, and only after COMMIT send the receipts and acknowledge.
import { type Bus, fetchResults, isMachineId, publishReceipt } from "@ozone/shared/bus";
import type { Store } from "../store/open-store.ts";
import type { PresetKey } from "../store/results.ts";
import { type Recorded, recordResults } from "./record-results.ts";

const BATCH_MAX = 256;
const WAIT_MS = 1_000;

/**
 * Takes one batch of results in.
 * @param onRecorded told what was committed and how long that took, in milliseconds
 * @returns the preset keys that changed; null when nothing arrived.
 * @throws when the stream or Postgres is away; the caller backs off, the results stay in the stream.
 */
export async function receiveResults(
  store: Store,
  bus: Bus,
  onRecorded?: (recorded: readonly Recorded[], tookMs: number) => void,
): Promise<PresetKey[] | null> {
  const batch = await fetchResults(bus, BATCH_MAX, WAIT_MS);
  if (batch.length === 0) return null;
  const startedAtMs = performance.now();
  const recorded = await recordResults(store, batch);
  onRecorded?.(recorded, performance.now() - startedAtMs);
  for (const { arrived, receipt } of recorded) {
    if (receipt && isMachineId(arrived.machineId)) publishReceipt(bus, arrived.machineId, receipt);
    arrived.acknowledge();
  }
  return recorded.flatMap(({ touched }) => (touched ? [touched] : []));
}
