// Who is there: announcements, heartbeats, and what their replies say.
import { create } from "@bufbuild/protobuf";
import {
  type Announcement,
  type AnnouncementReply,
  AnnouncementReplySchema,
  type Heartbeat,
  type HeartbeatReply,
  HeartbeatReplySchema,
} from "@ozone/proto/machine";
import { messageOf } from "@ozone/shared/errors";
import { HEARTBEATS_PER_LEASE } from "@ozone/shared/limits";
import { parseMachineFacts } from "@ozone/shared/machine-facts";
import { isOutside } from "@ozone/shared/machine-hours";
import { PROTOCOL_VERSION, versionProblem } from "@ozone/shared/protocol-version";
import { waitReasonOf } from "@ozone/shared/wait-message";
import { keepAttempt } from "../store/attempts.ts";
import { isOnline } from "../store/describe-machine.ts";
import { barredOf } from "../store/machine-identities.ts";
import { listMachines, type MachineRow, saveMachine, touchMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { pullOrders, recordPullReports } from "./pull-models.ts";

const NAME_MAX = 128;
const MODELS_MAX = 2_000;

const BARRED = "It was revoked or removed by an administrator.";

function announcementProblem(machineId: string, message: Announcement): string | null {
  if (message.machineId !== machineId) return "The announcement names another machine than its subject.";
  if (message.name.length === 0 || message.name.length > NAME_MAX)
    return `A name has 1 to ${NAME_MAX} characters.`;
  if (Math.max(message.models.length, message.pullConsent?.models.length ?? 0) > MODELS_MAX)
    return `More than ${MODELS_MAX} models.`;
  // Its facts may be of a form that we don't know. It gets no orders; refused, it would not even be listed with the reason.
  if (versionProblem(message) !== null) return null;
  try {
    parseMachineFacts(JSON.parse(message.factsJson));
  } catch (thrown) {
    return messageOf(thrown);
  }
  return null;
}

/** Takes a machine in, or says in one sentence why not. @returns also whether it says anything new of itself */
export async function acceptAnnouncement(
  store: Store,
  options: { machineId: string; message: Announcement; leaseMs: number },
): Promise<{ reply: AnnouncementReply; changed: boolean }> {
  const refused = (reason: string) => ({
    reply: create(AnnouncementReplySchema, { accepted: false, reason }),
    changed: false,
  });
  const problem = announcementProblem(options.machineId, options.message);
  if (problem) return refused(problem);
  const changed = await store.db.transaction(async (tx) => {
    if ((await barredOf(tx, [options.machineId], true)).size > 0) return null;
    return saveMachine(tx, options.message);
  });
  if (changed === null) return refused(BARRED);
  const reply = create(AnnouncementReplySchema, {
    accepted: true,
    heartbeatMs: Math.floor(options.leaseMs / HEARTBEATS_PER_LEASE),
    leaseMs: options.leaseMs,
    protocolVersion: PROTOCOL_VERSION,
  });
  return { reply, changed };
}

/** Notes a heartbeat, keeps the lease of the trial it names, and says what to stop. */
export async function acceptHeartbeat(
  store: Store,
  options: { machineId: string; message: Heartbeat; leaseMs: number; applyingWaits?: boolean },
): Promise<HeartbeatReply> {
  const { machineId, message, leaseMs, applyingWaits = false } = options;
  const known = await touchMachine(store.db, machineId, {
    activity: message.activity.slice(0, 200),
    waits: message.waits ? waitReasonOf(message.waits) : null,
  });
  if (!known) return create(HeartbeatReplySchema, { announce: true });
  // An order that lies in its pipe (given back for a user) is not begun outside its hours either.
  const paused = known.paused || isOutside(known.hours);
  // What is under maintenance is begun nothing on: an order to apply waits like a trial.
  if (known.hasPulls) await recordPullReports(store, machineId, message.pulls);
  const pulls = known.hasPulls ? await pullOrders(store.db, machineId) : [];
  const control = { applyingWaits: applyingWaits && !paused, paused, pulls };
  if (message.trialId === "") return create(HeartbeatReplySchema, control);
  const attempt = { trialId: message.trialId, number: message.attempt, machineId };
  const held = await keepAttempt(store.db, attempt, leaseMs);
  const cancelledTrialIds = held ? [] : [message.trialId];
  return create(HeartbeatReplySchema, { cancelledTrialIds, ...control });
}

/** Machines that were heard within one lease and have an engine. */
export async function machinesOnline(store: Store, leaseMs: number): Promise<MachineRow[]> {
  return (await listMachines(store.db)).filter(
    (machine) => isOnline(machine, leaseMs) && machine.announcement.engineProblem === "",
  );
}
