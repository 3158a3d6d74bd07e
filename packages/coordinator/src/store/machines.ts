// Queries on machines.
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Announcement, AnnouncementSchema } from "@ozone/proto/machine";
import { WaitReasonSchema } from "@ozone/proto/wait";
import type { AdmissionState } from "@ozone/shared/enrolment";
import type { HoursAt, WrittenHours } from "@ozone/shared/machine-hours";
import { waitMessage, waitReasonOf } from "@ozone/shared/wait-message";
import type { WaitReason } from "@ozone/shared/wait-reason";
import { and, eq, inArray, sql } from "drizzle-orm";
import { admissionColumn } from "./machine-identities.ts";
import { hoursColumn, nameColumn, pausedColumn } from "./machine-settings.ts";
import { tagsColumn } from "./machine-tags.ts";
import type { Executor } from "./open-store.ts";
import { hasPullsColumn } from "./pulls.ts";
import { machines } from "./schema/machines.ts";

/** A machine as stored. Times are Postgres' own; `silentMs` is counted by its clock. */
export interface MachineRow {
  readonly id: string;
  readonly announcement: Announcement;
  readonly activity: string;
  readonly lastSeenAt: Date;
  readonly silentMs: number;
  /** In order. */
  readonly tags: readonly string[];
  /** Null: it has no identity (an external NATS, or a version before 0.2). */
  readonly admission?: AdmissionState | null;
  /** A person wants it to take no trials. */
  readonly paused?: boolean;
  /** Why it takes none by itself, as it said last; null: it takes them. */
  readonly waits?: WaitReason | null;
  /** When it may be used; null: always. */
  readonly hours?: HoursAt | null;
}

/** What hours are held against: all coordinators agree on it. */
const nowColumn = sql<Date>`now()`.mapWith(machines.lastSeenAt);

const columns = {
  id: machines.id,
  announcement: machines.announcement,
  activity: machines.activity,
  lastSeenAt: machines.lastSeenAt,
  silentMs: sql<number>`(extract(epoch from now() - ${machines.lastSeenAt}) * 1000)::float8`,
  tags: tagsColumn,
  admission: admissionColumn,
  paused: pausedColumn,
  waits: machines.waits,
  hours: hoursColumn,
  readAt: nowColumn,
  name: nameColumn,
};

interface StoredHours {
  readonly hours: WrittenHours | null;
  readonly readAt: Date;
}

const hoursAt = ({ hours, readAt }: StoredHours): HoursAt | null => (hours ? { ...hours, at: readAt } : null);

/** The name that a person gave it goes before the one that it says. */
const parse = <
  Row extends { announcement: Uint8Array; waits: Uint8Array | null; name: string } & StoredHours,
>({
  name,
  readAt,
  ...row
}: Row) => ({
  ...row,
  hours: hoursAt({ hours: row.hours, readAt }),
  announcement: { ...fromBinary(AnnouncementSchema, row.announcement), name },
  waits: row.waits === null ? null : waitReasonOf(fromBinary(WaitReasonSchema, row.waits)),
});

/**
 * Stores an announcement; the machine counts as seen now. Of one that says what is stored already nothing else is written.
 * @returns whether it says anything new
 */
export async function saveMachine(db: Executor, message: Announcement): Promise<boolean> {
  const id = message.machineId;
  const announcement = toBinary(AnnouncementSchema, message);
  const lastSeenAt = sql`now()`;
  const known = await db
    .update(machines)
    .set({ lastSeenAt })
    .where(and(eq(machines.id, id), eq(machines.announcement, announcement)))
    .returning({ id: machines.id });
  if (known.length > 0) return false;
  const { name, hostId, hardwareClass } = message;
  const values = { name, hostId, hardwareClass, announcement, lastSeenAt };
  await db
    .insert(machines)
    .values({ id, ...values })
    .onConflictDoUpdate({ target: machines.id, set: values });
  return true;
}

/** Notes a heartbeat. @returns null when the machine is unknown, or not let in. */
export async function touchMachine(
  db: Executor,
  id: string,
  { activity, waits }: { readonly activity: string; readonly waits: WaitReason | null },
): Promise<(Required<Pick<MachineRow, "paused" | "hours">> & { readonly hasPulls: boolean }) | null> {
  const touched = await db
    .update(machines)
    .set({
      lastSeenAt: sql`now()`,
      activity,
      waits: waits === null ? null : toBinary(WaitReasonSchema, waitMessage(waits)),
    })
    .where(and(eq(machines.id, id), sql`coalesce(${admissionColumn}, 'approved') = 'approved'`))
    .returning({ paused: pausedColumn, hasPulls: hasPullsColumn, hours: hoursColumn, readAt: nowColumn });
  const [row] = touched;
  return row ? { paused: row.paused, hasPulls: row.hasPulls, hours: hoursAt(row) } : null;
}

/** The machine counts as not heard of from now on: nothing is sent to it. */
export async function countAsSilent(db: Executor, id: string): Promise<void> {
  await db
    .update(machines)
    .set({ lastSeenAt: new Date(0) })
    .where(eq(machines.id, id));
}

/** All machines, ordered by name and id. */
export async function listMachines(db: Executor): Promise<MachineRow[]> {
  return (await db.select(columns).from(machines).orderBy(nameColumn, machines.id)).map(parse);
}

/** The machine, or null. With `lock` its row is held until the transaction ends. */
export async function findMachine(db: Executor, id: string, lock = false): Promise<MachineRow | null> {
  const query = db.select(columns).from(machines).where(eq(machines.id, id));
  const [row] = await (lock ? query.for("update") : query);
  return row ? parse(row) : null;
}

/** The machines of these ids, in no order. */
export async function machinesById(db: Executor, ids: readonly string[]): Promise<MachineRow[]> {
  if (ids.length === 0) return [];
  return (
    await db
      .select(columns)
      .from(machines)
      .where(inArray(machines.id, [...ids]))
  ).map(parse);
}
