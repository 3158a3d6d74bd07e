// Writes what was planned for machines that share one search, in a transaction that holds the sweep.
import { randomUUID } from "node:crypto";
import type { AddedTrial, GroupPlan, GroupState, MovedTrial } from "../store/group-state.ts";
import type { Transaction } from "../store/open-store.ts";
import { markOdd, updateTarget } from "../store/sweeps.ts";
import { changeTrial, handTrial, insertTrials, lockTrials, type TrialRow } from "../store/trials.ts";

/** One writing. */
class GroupWriter {
  readonly #tx: Transaction;
  readonly #state: GroupState;
  readonly #machineOf: ReadonlyMap<number, string>;
  readonly #nextOrdinal = new Map<number, number>();

  constructor(tx: Transaction, state: GroupState) {
    this.#tx = tx;
    this.#state = state;
    this.#machineOf = new Map(state.members.map(({ target }) => [target.id, target.machineId]));
    for (const { targetId, ordinal } of [
      ...state.members.flatMap(({ trials }) => trials),
      ...state.waiting,
    ]) {
      this.#nextOrdinal.set(targetId, Math.max(this.#nextOrdinal.get(targetId) ?? 0, ordinal + 1));
    }
  }

  /** Where a trial goes: a target's next place; one for anyone stands with the first target meanwhile. */
  #placeFor(targetId: number | null) {
    const id = targetId ?? this.#state.members[0]?.target.id ?? 0;
    const ordinal = this.#nextOrdinal.get(id) ?? 0;
    this.#nextOrdinal.set(id, ordinal + 1);
    return {
      targetId: id,
      machineId: this.#machineOf.get(id) ?? "",
      ordinal,
      forAnyone: targetId === null,
    };
  }

  async #add(added: readonly AddedTrial[]): Promise<void> {
    const sweepId = this.#state.sweep.id;
    await insertTrials(
      this.#tx,
      added.map(({ targetId, trial: { configuration, protocol, purpose, reason } }) => ({
        ...this.#placeFor(targetId),
        configuration,
        protocol,
        purpose,
        reason,
        id: `t-${randomUUID()}`,
        sweepId,
      })),
    );
  }

  /**
   * A trial that was begun stays with its machine, whose result may come yet and is stale then: another takes its place.
   */
  async #move({ trial, targetId }: MovedTrial): Promise<void> {
    if (trial.attempt === 0) {
      await handTrial(this.#tx, trial.id, this.#placeFor(targetId));
      return;
    }
    await changeTrial(this.#tx, trial.id, { state: "cancelled" });
    await this.#add([{ targetId, trial }]);
  }

  async write({ added, moved, cancelled, members }: GroupPlan): Promise<void> {
    const held = await lockTrials(
      this.#tx,
      [...moved.map(({ trial }) => trial), ...cancelled].map(({ id }) => id),
    );
    // The dispatcher may have been quicker: what runs by now is left where it is.
    const isAsSeen = ({ id, attempt }: TrialRow): boolean => {
      const now = held.get(id);
      return now?.state === "planned" && now.attempt === attempt;
    };
    for (const trial of cancelled.filter(isAsSeen)) {
      await changeTrial(this.#tx, trial.id, { state: "cancelled" });
    }
    for (const one of moved.filter(({ trial }) => isAsSeen(trial))) await this.#move(one);
    await this.#add(added);
    for (const { targetId, finished, odd, notes } of members) {
      const before = this.#state.members.find(({ target }) => target.id === targetId)?.target.notes ?? [];
      await updateTarget(this.#tx, targetId, { finished, notes: [...new Set([...before, ...notes])] });
      if (odd) await markOdd(this.#tx, targetId);
    }
  }
}

/** Writes a plan; trials are locked by id, after the sweep. */
export const writeGroupPlan = (tx: Transaction, state: GroupState, plan: GroupPlan): Promise<void> =>
  new GroupWriter(tx, state).write(plan);
