// Whether this coordinator leads: one look takes the lead where it is free, or renews it where it is ours.
import { type Candidate, giveLeadBack, renewLead, takeLead } from "../store/leadership.ts";
import type { Store } from "../store/open-store.ts";

/** Where a coordinator stands. */
export interface Candidacy {
  /** The term in which this one leads; null: it follows. */
  readonly term: number | null;
  /** As far as can be known here: a leader that can't renew does not count as one once its lease must have ended. */
  leads(): boolean;
  /** Takes or renews. @returns the term now. @throws when Postgres is away; the term is kept then */
  look(): Promise<number | null>;
  /** Lets another one lead at once. */
  giveBack(): Promise<void>;
}

/** Looks come so often in a lease: three may fail. */
export const LOOKS_PER_LEASE = 5;

/** A coordinator that has not looked yet. */
export function createCandidacy(store: Store, candidate: Candidate): Candidacy {
  let term: number | null = null;
  let afterRestart = true;
  let renewedAtMs = 0;
  return {
    get term() {
      return term;
    },
    leads: () => term !== null && performance.now() - renewedAtMs < candidate.leaseMs,
    async look() {
      // Before the question: the lease never ends earlier in Postgres than we think here.
      const askedAtMs = performance.now();
      if (term === null) term = await takeLead(store.db, candidate, afterRestart);
      else if (!(await renewLead(store.db, term, candidate.leaseMs))) term = null;
      // Whoever has looked once and goes on running is no restart any more: else two that share a folder took turns.
      afterRestart = false;
      renewedAtMs = askedAtMs;
      return term;
    },
    async giveBack() {
      const held = term;
      term = null;
      if (held !== null) await giveLeadBack(store.db, held);
    },
  };
}
