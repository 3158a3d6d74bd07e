// The store as the leader's tasks have it: each of their transactions first makes sure that this coordinator still leads, and
// keeps it so until it ends. A leader that was stopped for a while and goes on therefore writes nothing.
import { OzoneError } from "@ozone/shared/errors";
import { holdTerm, readLead } from "../store/leadership.ts";
import type { Database, Store } from "../store/open-store.ts";

const lost = () => new OzoneError("unavailable", "Another coordinator has taken the lead; this one follows.");

/**
 * A store for one term of leading.
 * @param onLost told when a transaction found that another one leads; the transaction fails then
 */
export function fencedStore(store: Store, term: number, onLost: () => void): Store {
  const transaction: Database["transaction"] = (work, config) =>
    store.db.transaction(async (tx) => {
      if (!(await holdTerm(tx, term))) {
        onLost();
        throw lost();
      }
      return work(tx);
    }, config);
  // Everything else of the database is as it was, single statements included.
  const db: Database = Object.assign(Object.create(store.db) as Database, { transaction });
  // Who asks after a failure whether it was the one thing or everything must not take a lost term for the one thing.
  const ping = async () => {
    await store.ping();
    if ((await readLead(store.db))?.term !== term) throw lost();
  };
  return { ...store, db, ping };
}
