// An agent in the simulation: the shipped loop, outbox, journal, sender and heart; only measuring is made up.
import type { TrialOrder, TrialResult } from "@ozone/proto/trial";
import { announce as announceTo } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { startHeart } from "../../../packages/agent/src/control/heartbeat.ts";
import { WorkState } from "../../../packages/agent/src/control/work-state.ts";
import { openJournal } from "../../../packages/agent/src/outbox/journal.ts";
import { openOutbox } from "../../../packages/agent/src/outbox/outbox.ts";
import { startSender } from "../../../packages/agent/src/outbox/send-results.ts";
import { sleep } from "../../../packages/agent/src/pause.ts";
import { reconcile } from "../../../packages/agent/src/start-agent.ts";
import { takeTrials } from "../../../packages/agent/src/take-trials.ts";
import { madeResult } from "../../../packages/coordinator/src/testing/made-results.ts";
import { madeAnnouncement } from "../../../packages/coordinator/src/testing/made-sweep.ts";
import { DISK_ROOT } from "./disk.ts";
import type { Measured } from "./journal.ts";
import { currentProcess, makeProcess, runAs } from "./process.ts";
import type { AgentSeat, World } from "./world.ts";

const RESTART_MS = 2_000;
const FIRST_BEAT_MS = 5_000;
const LOCK_RETRY_MS = 500;

/** What an order gives: the same for the same trial and attempt, whoever measures it and when. */
export function resultOf(order: TrialOrder, failing: ReadonlySet<number>): TrialResult {
  const { trialId, attempt, machineId, configuration, purpose, sweepId } = order;
  const numCtx = configuration?.numCtx ?? 0;
  const text = `${trialId}/${attempt}`;
  const rate = 50 + [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000, 7) / 20;
  const made = { trialId, attempt, machineId, purpose, decode: [rate, rate + 1] };
  const result = madeResult({
    ...made,
    ...(configuration ? { configuration } : {}),
    ...(failing.has(numCtx) ? { failureClass: "engine_crashed" } : {}),
  });
  result.sweepId = sweepId;
  return result;
}

async function measure(world: World, seat: AgentSeat, order: TrialOrder, signal: AbortSignal) {
  const { clock, journal } = world;
  const { trialId, attempt } = order;
  const { machineId, host } = seat;
  const owner = currentProcess();
  // Killed while it waited for the host: nothing of it runs on.
  if (owner && !owner.alive) return new Promise<never>(() => undefined);
  const entry: Measured = { order, trialId, attempt, machineId, host, fromMs: clock.nowMs, toMs: null };
  journal.measured.push(entry);
  const end = () => {
    entry.toMs ??= clock.nowMs;
  };
  if (owner) owner.onDeath = end;
  await sleep(3_000 + world.random.integer(9_000), signal);
  await clock.call(async () => undefined);
  end();
  if (owner) owner.onDeath = () => undefined;
  journal.progress(
    clock.nowMs,
    `${seat.name}: measured ${trialId}/${attempt}${signal.aborted ? " (cancelled)" : ""}`,
  );
  const result = resultOf(order, world.failing);
  if (!signal.aborted) return result;
  return Object.assign(madeResult({ trialId, attempt, machineId, failureClass: "cancelled" }), {
    configuration: result.configuration,
    sweepId: order.sweepId,
    purpose: order.purpose,
  });
}

async function lockHost(world: World, host: string, signal: AbortSignal) {
  const owner = currentProcess();
  if (!owner) throw new Error("the host lock is a process's");
  while (world.hosts.get(host)?.alive) {
    if (signal.aborted) throw new Error("stopped while waiting for the host");
    await sleep(LOCK_RETRY_MS, signal);
  }
  world.hosts.set(host, owner);
  return { release: async () => void world.hosts.delete(host) };
}

async function run(world: World, seat: AgentSeat): Promise<void> {
  const { machineId, folder, name, host } = seat;
  const log = (line: string) => world.journal.say(world.clock.nowMs, `${name}: ${line.slice(0, 120)}`);
  const outbox = await openOutbox(`${folder}/outbox`, log);
  const journal = await openJournal(folder, log);
  await reconcile(outbox, journal);
  const bus = world.pipe.connect(seat.link);
  const state = new WorkState();
  const announce = async () => {
    const reply = await announceTo(bus, madeAnnouncement(machineId));
    heart.setInterval(reply.heartbeatMs);
  };
  const orders = { hear: () => undefined };
  const heart = startHeart({ bus, machineId, state, outbox, announce, orders }, FIRST_BEAT_MS);
  const sender = startSender({ bus, machineId, outbox, journal, log });
  const stop = new AbortController().signal;
  while (
    !(await announce().then(
      () => true,
      () => false,
    ))
  )
    await sleep(1_000 * (1 + Math.random()), stop);
  state.say("idle");
  log("runs");
  const ports = { bus, machineId, state, outbox, journal, announce, log };
  await takeTrials(
    {
      ...ports,
      lockHost: (signal) => lockHost(world, host, signal),
      runTrial: (order, signal) => measure(world, seat, order, signal),
      onTaken: () => heart.beatNow(),
      onFinished: () => sender.wake(),
    },
    stop,
  );
}

/** Adds one and starts it. */
export function addAgent(world: World, machineId: string, host: string): AgentSeat {
  const seat: AgentSeat = {
    name: machineId,
    machineId,
    host,
    folder: `${DISK_ROOT}${machineId}`,
    link: { toServer: true, fromServer: true },
    process: null,
    starts: 0,
    start: () => {
      seat.starts += 1;
      const owner = makeProcess(`${machineId}#${seat.starts}`);
      seat.process = owner;
      runAs(owner, () =>
        run(world, seat).catch((thrown: unknown) => {
          world.journal.say(world.clock.nowMs, `${machineId}: gave up: ${messageOf(thrown)}`);
          owner.alive = false;
          world.clock.at(world.clock.nowMs + RESTART_MS, () => {
            if (seat.process === owner) seat.start();
          });
        }),
      );
    },
  };
  world.agents.push(seat);
  seat.start();
  return seat;
}
