// Machines that share a search, run by the shipped planner on machines of pure arithmetic, for tests of planning. It does
// with rows in memory what dispatch does with Postgres.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Purpose } from "@ozone/proto/configuration";
import type { SweepRequest } from "@ozone/proto/sweep";
import { SampleSchema, type TrialResult } from "@ozone/proto/trial";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { shareIdentity } from "../planning/share-groups.ts";
import type { GroupPlan, GroupState } from "../store/group-state.ts";
import type { TargetRow } from "../store/sweeps.ts";
import type { TargetPlanner } from "../store/target-state.ts";
import type { PlannedTrial, TrialRow } from "../store/trials.ts";
import { madeResult } from "./made-results.ts";
import { madeAnnouncement } from "./made-sweep.ts";

/** How a machine behaves. */
export interface GroupMachine {
  readonly id: string;
  /** Times as fast as the others; of the n-th trial that it runs, from 0. */
  readonly speedOf?: (position: number) => number;
  readonly trialMs?: number;
  /** Nobody hears of it at this time. */
  readonly isSilent?: (nowMs: number) => boolean;
}

const LEASE_MS = 30_000;
const DIGEST = "sha256:abc";
const TURNS_MAX = 3_000;

/** Faster with larger batches, slower with larger contexts: the grid has a best point. */
const rateOf = ({ configuration: { numCtx, numBatch } }: TrialRow): number =>
  100 * (1 + numBatch / 5_000) * (1 - numCtx / 100_000);

function targetOf(request: SweepRequest, id: string, index: number): TargetRow {
  return {
    id: index + 1,
    sweepId: "s-1",
    machineId: id,
    modelName: "ozone-synthetic:4m",
    modelDigest: DIGEST,
    finished: false,
    notes: [],
    shareGroup: shareIdentity(request, madeAnnouncement(id), DIGEST),
    oddSince: null,
  };
}

interface UnderWay {
  readonly row: TrialRow;
  readonly startedAtMs: number;
  readonly endsAtMs: number;
}

/** A group that is run turn by turn. */
export class MadeGroup {
  readonly #planner: TargetPlanner;
  readonly #request: SweepRequest;
  readonly #machines: readonly GroupMachine[];
  readonly #underWay = new Map<string, UnderWay>();
  readonly #ran = new Map<string, number>();
  readonly #silentSince = new Map<string, number>();
  rows: TrialRow[] = [];
  targets: TargetRow[];
  readonly results: TrialResult[] = [];
  nowMs = 0;

  constructor(planner: TargetPlanner, request: SweepRequest, machines: readonly GroupMachine[]) {
    this.#planner = planner;
    this.#request = request;
    this.#machines = machines;
    this.targets = machines.map(({ id }, index) => targetOf(request, id, index));
  }

  #silentMs({ id, isSilent }: GroupMachine): number {
    if (!isSilent?.(this.nowMs)) this.#silentSince.delete(id);
    else if (!this.#silentSince.has(id)) this.#silentSince.set(id, this.nowMs);
    return this.nowMs - (this.#silentSince.get(id) ?? this.nowMs);
  }

  /** What the planner sees now. */
  state(): GroupState {
    const at = new Date(0);
    const isWaiting = (row: TrialRow) => row.forAnyone && row.state === "planned";
    return {
      sweep: {
        id: "s-1",
        name: "test",
        request: this.#request,
        state: "running",
        createdAt: at,
        finishedAt: null,
      },
      members: this.#machines.map((machine, index) => {
        const target = this.targets[index] ?? targetOf(this.#request, machine.id, index);
        return {
          target,
          machine: {
            id: machine.id,
            announcement: madeAnnouncement(machine.id),
            activity: "",
            lastSeenAt: at,
            silentMs: this.#silentMs(machine),
            tags: [],
          },
          trials: this.rows
            .filter((row) => row.targetId === target.id && !isWaiting(row))
            .sort((a, b) => a.ordinal - b.ordinal),
          results: this.results.filter(({ machineId }) => machineId === machine.id),
        };
      }),
      waiting: this.rows.filter(isWaiting),
      presence: { leaseMs: LEASE_MS, listeningMs: Number.POSITIVE_INFINITY, occupied: new Set() },
    };
  }

  #placeFor(targetId: number | null) {
    const id = targetId ?? 1;
    const ordinals = this.rows.filter((row) => row.targetId === id).map(({ ordinal }) => ordinal);
    const machineId = this.targets.find((target) => target.id === id)?.machineId ?? "";
    return { targetId: id, machineId, ordinal: Math.max(-1, ...ordinals) + 1, forAnyone: targetId === null };
  }

  #add(targetId: number | null, { configuration, protocol, purpose, reason }: PlannedTrial): void {
    this.rows.push({
      ...this.#placeFor(targetId),
      configuration,
      protocol,
      purpose,
      reason,
      id: `t-${String(this.rows.length).padStart(4, "0")}`,
      sweepId: "s-1",
      state: "planned",
      attempt: 0,
      failedAttempts: 0,
      failureClass: null,
      failureMessage: null,
      endedAt: null,
    });
  }

  #change(row: TrialRow, change: Partial<TrialRow>): TrialRow {
    const changed = { ...row, ...change };
    this.rows = this.rows.map((one) => (one.id === row.id ? changed : one));
    return changed;
  }

  #write({ added, moved, cancelled, members }: GroupPlan): void {
    for (const row of cancelled) this.#change(row, { state: "cancelled" });
    for (const { trial, targetId } of moved) {
      if (trial.attempt === 0) this.#change(trial, this.#placeFor(targetId));
      else {
        this.#change(trial, { state: "cancelled" });
        this.#add(targetId, trial);
      }
    }
    for (const { targetId, trial } of added) this.#add(targetId, trial);
    this.targets = this.targets.map((target) => {
      const change = members.find(({ targetId }) => targetId === target.id);
      if (!change) return target;
      const oddSince = change.odd ? new Date(this.nowMs) : target.oddSince;
      return { ...target, finished: change.finished, oddSince, notes: [...target.notes, ...change.notes] };
    });
  }

  /** Starts what idle machines that are heard have to run, references first. */
  #dispatch(): void {
    for (const machine of this.#machines) {
      if (this.#underWay.has(machine.id) || this.#silentMs(machine) > 0) continue;
      const open = this.rows
        .filter((row) => row.machineId === machine.id && row.state === "planned" && !row.forAnyone)
        .sort((a, b) => a.ordinal - b.ordinal);
      const next = open.find(({ purpose }) => purpose === Purpose.REFERENCE) ?? open[0];
      if (!next) continue;
      const row = this.#change(next, { state: "running", attempt: next.attempt + 1 });
      const endsAtMs = this.nowMs + (machine.trialMs ?? 5_000);
      this.#underWay.set(machine.id, { row, startedAtMs: this.nowMs, endsAtMs });
    }
  }

  #report(machine: GroupMachine, { row, startedAtMs }: UnderWay): void {
    const position = this.#ran.get(machine.id) ?? 0;
    this.#ran.set(machine.id, position + 1);
    const speed = machine.speedOf?.(position) ?? 1;
    const { configuration, protocol, purpose } = row;
    const result = madeResult({
      trialId: row.id,
      machineId: machine.id,
      configuration,
      purpose,
      decode: Array.from({ length: samplesWanted(protocol) }, () => rateOf(row) * speed),
      ttftMs: configuration.numCtx / speed,
    });
    result.startedAt = timestampFromMs(startedAtMs);
    // The made sample of 64 tokens is no reference's; its rate is all that counts here.
    if (purpose === Purpose.REFERENCE) {
      result.samples = result.samples.map((sample) => create(SampleSchema, { ...sample, promptTokens: 128 }));
    }
    this.results.push(result);
    this.#change(row, { state: "done", endedAt: new Date(this.nowMs) });
  }

  /** Time jumps to the next trial that ends; one of a machine that is silent by then loses its lease instead. */
  #end(): void {
    const [id, next] = [...this.#underWay].sort(([, a], [, b]) => a.endsAtMs - b.endsAtMs)[0] ?? [];
    if (id === undefined || !next) {
      this.nowMs += LEASE_MS;
      return;
    }
    this.nowMs = next.endsAtMs;
    this.#underWay.delete(id);
    const machine = this.#machines.find((one) => one.id === id);
    if (machine && !machine.isSilent?.(this.nowMs)) this.#report(machine, next);
    else this.#change(next.row, { state: "planned" });
  }

  get finished(): boolean {
    return this.targets.every(({ finished }) => finished);
  }

  /** Runs to the end; `look` sees every state and its plan. @throws when it does not end. */
  run(look: (state: GroupState, plan: GroupPlan) => void = () => undefined): this {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const state = this.state();
      const plan = this.#planner.together(state);
      look(state, plan);
      this.#write(plan);
      if (this.finished) return this;
      this.#dispatch();
      this.#end();
    }
    throw new Error(`the group did not end: ${JSON.stringify(this.rows.map(({ state }) => state))}`);
  }
}
