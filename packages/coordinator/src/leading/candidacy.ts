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

/**
 * A coordinator that has not looked yet.
 * @param isFit whether it could lead now; one that was not for a whole lease lets another one lead, and takes no lead
 */
export function createCandidacy(
  store: Store,
  candidate: Candidate,
  isFit: () => Promise<boolean> = async () => true,
): Candidacy {
  const { leaseMs } = candidate;
  let term: number | null = null;
  let afterRestart = true;
  let renewedAtMs = 0;
  let fitAtMs = performance.now();

  async function giveBack(): Promise<void> {
    const held = term;
    term = null;
    if (held !== null) await giveLeadBack(store.db, held);
  }
  /** Renewed before anything else is asked: that may take seconds. */
  async function keep(held: number): Promise<void> {
    const askedAtMs = performance.now();
    if (!(await renewLead(store.db, held, leaseMs))) term = null;
    // Before the question: the lease never ends earlier in Postgres than we think here.
    renewedAtMs = askedAtMs;
    if (await isFit()) fitAtMs = performance.now();
    else if (performance.now() - fitAtMs >= leaseMs) await giveBack();
  }
  async function tryFor(): Promise<void> {
    if (!(await isFit())) return;
    fitAtMs = performance.now();
    renewedAtMs = performance.now();
    term = await takeLead(store.db, candidate, afterRestart);
    // Whoever has looked once and goes on running is no restart any more: else two that share a folder took turns.
    afterRestart = false;
  }
  return {
    get term() {
      return term;
    },
    leads: () => term !== null && performance.now() - renewedAtMs < leaseMs,
    async look() {
      await (term === null ? tryFor() : keep(term));
      return term;
    },
    giveBack,
  };
}
