// What the coordinator that leads does all the time: take results in, plan and dispatch, refresh presets, move roll-outs on.
// Rooms meet here only through typed values.
import { type Bus, ensureStreams, ensureWorkConsumer, isBusError, orderWaits } from "@ozone/shared/bus";
import type { Objective } from "@ozone/shared/objective";
import { featureProblem } from "@ozone/shared/protocol-version";
import { startTask } from "./background-task.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { Sharing } from "./dispatch/advance-group.ts";
import { advanceSweeps } from "./dispatch/advance-sweeps.ts";
import { dispatchTrials, type HoldBack } from "./dispatch/dispatch-trials.ts";
import { drainSweeps } from "./dispatch/drain-sweeps.ts";
import { expireLeases } from "./dispatch/expire-leases.ts";
import { leaveAbsent } from "./dispatch/leave-absent.ts";
import { TimeWatch } from "./dispatch/time-watch.ts";
import { machinesOnline } from "./fleet/machines-online.ts";
import { whoWorks } from "./fleet/who-works.ts";
import { receiveResults } from "./intake/receive-results.ts";
import { noteScheduleLost } from "./notifications/note-schedule.ts";
import { noteSweepEnded } from "./notifications/note-sweep.ts";
import { type Notifying, startNotifying } from "./notifying-tasks.ts";
import type { Events } from "./observing/meters.ts";
import { plannerFor } from "./planning/plan-target.ts";
import type { ModuleRules } from "./plug-ins/find-module.ts";
import { OpenQuestions } from "./plug-ins/open-questions.ts";
import { presetKeyText, refreshPresets, staleKeys } from "./presets/refresh-presets.ts";
import { advanceRollouts } from "./rollouts/advance-rollouts.ts";
import { runSchedules } from "./schedules/run-schedules.ts";
import type { MachineRow } from "./store/machines.ts";
import type { Store } from "./store/open-store.ts";
import type { PresetKey } from "./store/results.ts";
import type { PlugIns } from "./store/target-state.ts";
import type { TrialStory } from "./trial-story.ts";

/** What the tasks work with. */
export interface TaskPorts {
  readonly store: Store;
  readonly bus: Bus;
  readonly leaseMs: number;
  /** What presets are chosen by. */
  readonly objectives: readonly Objective[];
  readonly changes: ChangeSignal;
  /** Sweeps wait so long for a machine that is not heard. */
  readonly waitForMachinesMs: number;
  /** Which modules may be loaded as strategies. */
  readonly modules: ModuleRules;
  readonly onError: (name: string, thrown: unknown) => void;
  /** Where notifications go; null or absent: there are none. */
  readonly notifying?: Notifying | null;
  /** Machines may have an order to apply now, or none any more. */
  readonly rolloutsMoved: () => void;
  /** Who counts what happens; nobody, where nobody watches. */
  readonly events?: Events | undefined;
  /** Who tells what becomes of trials; nobody, where nobody listens. */
  readonly story?: TrialStory | undefined;
}

/** The running tasks. */
export interface Tasks {
  /** Plan and dispatch now, and move roll-outs on. */
  wake(): void;
  /** A result was counted that did not come over the bus now: its presets are chosen again. */
  resultCounted(key: PresetKey): void;
  stop(): Promise<void>;
}

const DISPATCH_INTERVAL_MS = 1_000;
const REFRESH_INTERVAL_MS = 60_000;
const ROLLOUT_INTERVAL_MS = 1_000;
const SCHEDULE_INTERVAL_MS = 2_000;
const ABSENT_INTERVAL_MS = 60_000;

/** A wiped JetStream is built again before anything else is tried. */
async function rebuildPipes({ bus, store, leaseMs }: TaskPorts): Promise<void> {
  await ensureStreams(bus);
  for (const { id } of await machinesOnline(store, leaseMs)) await ensureWorkConsumer(bus, id, leaseMs);
}

/** Runs `work`; when the bus fails, its streams may be gone: they are made again, and the failure is passed on. */
async function withPipes<Value>(ports: TaskPorts, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (thrown) {
    if (isBusError(thrown)) await rebuildPipes(ports);
    throw thrown;
  }
}

/** What an agent does not know it would leave out in silence: such a trial waits for a newer one. */
function knownByAgents(machines: readonly MachineRow[]): HoldBack {
  const byId = new Map(machines.map(({ id, announcement }) => [id, announcement]));
  return ({ machineId, protocol }) => {
    const announcement = byId.get(machineId);
    if (!announcement || protocol.shorterPredicts.length === 0) return null;
    return featureProblem(announcement, "shared fills");
  };
}

async function planAndDispatch(
  ports: TaskPorts,
  { plugIns, sharing, time }: { plugIns: PlugIns; sharing: Sharing; time: TimeWatch },
): Promise<boolean> {
  const { store, bus, leaseMs, objectives, changes, onError } = ports;
  const online = await machinesOnline(store, leaseMs);
  const { heard, waiting, outside, free } = whoWorks(online);
  const withoutTime = await time.withoutTime(store);
  const expired = await expireLeases(store, {
    leaseMs,
    machineIds: heard,
    waiting: new Set([...waiting, ...outside]),
    orderWaits: (machineId) => orderWaits(bus, machineId),
    onEnded: ports.story?.leaseEnded,
  });
  const sweepEnded = ports.notifying ? noteSweepEnded : async () => undefined;
  const deciders = {
    planner: plannerFor(objectives),
    plugIns,
    sharing: { ...sharing, withoutTime },
    sweepEnded,
  };
  const drained = await drainSweeps(store, waiting, sweepEnded);
  const ended = await advanceSweeps(store, deciders, (id, thrown) => onError(`sweep ${id}`, thrown));
  const sent = await dispatchTrials(store, bus, {
    machineIds: free.filter((id) => !withoutTime.has(id)),
    leaseMs,
    holdBack: knownByAgents(online),
    onPublished: ports.story?.orderPublished,
  });
  ports.events?.leasesExpired(expired);
  ports.events?.ordersSent(sent);
  ports.story?.sweepsEnded(ended);
  if (expired > 0 || drained > 0 || ended.length > 0 || sent > 0) changes.notify();
  return false;
}

/** Moves roll-outs on. */
function startRollouts({ store, leaseMs, changes, onError, rolloutsMoved, events }: TaskPorts) {
  const startedAtMs = performance.now();
  return startTask({
    name: "rollouts",
    intervalMs: ROLLOUT_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const presence = { leaseMs, listeningMs: performance.now() - startedAtMs };
      const changed = await advanceRollouts(store, presence, (id, thrown) =>
        onError(`roll-out ${id}`, thrown),
      );
      if (changed) rolloutsMoved();
      if (changed) changes.notify();
      return false;
    },
  });
}

/** Starts what schedules have due. */
const startSchedules = (
  { store, leaseMs, changes, onError, events, notifying }: TaskPorts,
  wake: () => void,
) =>
  startTask({
    name: "schedules",
    intervalMs: SCHEDULE_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const told = notifying ? { noteLost: noteScheduleLost } : {};
      if (!(await runSchedules({ store, leaseMs, onError, ...told }))) return false;
      wake();
      changes.notify();
      return false;
    },
  });

/** Ends the parts of machines that nobody heard for too long. */
function startLeaving(ports: TaskPorts, wake: () => void) {
  const { store, waitForMachinesMs: waitMs, onError, events } = ports;
  const startedAtMs = performance.now();
  return startTask({
    name: "leaving",
    intervalMs: ABSENT_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const listeningMs = performance.now() - startedAtMs;
      if ((await leaveAbsent(store, { waitMs, listeningMs })) > 0) wake();
      return false;
    },
  });
}

/** Starts all tasks. */
export function startTasks(ports: TaskPorts): Tasks {
  const { store, bus, objectives, changes, onError, events } = ports;
  const pending = new Map<string, PresetKey>();

  const refresh = startTask({
    name: "presets",
    intervalMs: REFRESH_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const keys = pending.size > 0 ? [...pending.values()] : await staleKeys(store, objectives);
      for (const key of keys) {
        pending.delete(presetKeyText(key));
        const startedAtMs = performance.now();
        await refreshPresets(store, key, objectives);
        ports.story?.presetsChosen(key, performance.now() - startedAtMs);
      }
      if (keys.length > 0) changes.notify();
      return pending.size > 0;
    },
  });
  const touch = (key: PresetKey) => {
    pending.set(presetKeyText(key), key);
    refresh.wake();
  };
  const startedAtMs = performance.now();
  const sharing: Sharing = {
    leaseMs: ports.leaseMs,
    listeningMs: () => performance.now() - startedAtMs,
    settled: new Map(),
    machineLeft: touch,
  };
  const time = new TimeWatch();
  const questions = new OpenQuestions({ rules: ports.modules, wake: () => dispatch.wake() });
  const dispatch = startTask({
    name: "dispatch",
    intervalMs: DISPATCH_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: () => withPipes(ports, () => planAndDispatch(ports, { plugIns: questions, sharing, time })),
  });
  const intake = startTask({
    name: "intake",
    intervalMs: 0,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const touched = await withPipes(ports, () =>
        receiveResults(store, bus, (recorded, tookMs) => {
          events?.resultsRecorded(
            recorded.map(({ countedAs }) => countedAs),
            tookMs,
          );
          ports.story?.resultsRecorded(recorded, tookMs);
        }),
      );
      if (touched === null) return true;
      time.changed();
      for (const key of touched) pending.set(presetKeyText(key), key);
      refresh.wake();
      dispatch.wake();
      changes.notify();
      return true;
    },
  });
  const schedules = startSchedules(ports, () => dispatch.wake());
  const leaving = startLeaving(ports, () => dispatch.wake());
  const rollouts = startRollouts(ports);
  const { notifying } = ports;
  const notifications = notifying ? startNotifying({ ...ports, notifying }) : null;
  return {
    wake: () => {
      dispatch.wake();
      rollouts.wake();
    },
    resultCounted: (key) => {
      touch(key);
      dispatch.wake();
      changes.notify();
    },
    stop: async () => {
      questions.stop();
      const all = [intake, dispatch, refresh, schedules, leaving, rollouts, notifications];
      await Promise.all(all.map((task) => task?.stop()));
    },
  };
}
