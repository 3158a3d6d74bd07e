// Queries on machines that are missing, and those that were told of as missing.
import { eq, isNotNull, or, sql } from "drizzle-orm";
import { admissionColumn } from "./machine-identities.ts";
import { nameColumn, pausedColumn } from "./machine-settings.ts";
import type { MachineRow } from "./machines.ts";
import type { Executor, Transaction } from "./open-store.ts";
import { machines } from "./schema/machines.ts";
import { machineAbsences } from "./schema/notifications.ts";

/** A machine that was not heard for a while, or was told of as missing. */
export interface AbsentMachine
  extends Pick<MachineRow, "id" | "lastSeenAt" | "silentMs" | "admission" | "paused"> {
  readonly name: string;
  /** When it was heard last before it was told of; null: it was not. */
  readonly toldOf: Date | null;
}

const silentMs = sql<number>`(extract(epoch from now() - ${machines.lastSeenAt}) * 1000)::float8`;

/** Machines that were not heard for so long, and all that were told of as missing. */
export const absentMachines = (db: Executor, silentMsMin: number): Promise<AbsentMachine[]> =>
  db
    .select({
      ...{ id: machines.id, name: nameColumn, lastSeenAt: machines.lastSeenAt, silentMs },
      ...{ admission: admissionColumn, paused: pausedColumn, toldOf: machineAbsences.lastSeenAt },
    })
    .from(machines)
    .leftJoin(machineAbsences, eq(machineAbsences.machineId, machines.id))
    .where(or(isNotNull(machineAbsences.machineId), sql`${silentMs} >= ${silentMsMin}`))
    .orderBy(machines.id);

/** Notes that a machine was told of. @returns false: it was before */
export async function beginAbsence(tx: Transaction, machineId: string, lastSeenAt: Date): Promise<boolean> {
  const begun = await tx
    .insert(machineAbsences)
    .values({ machineId, lastSeenAt })
    .onConflictDoNothing()
    .returning({ machineId: machineAbsences.machineId });
  return begun.length > 0;
}

/** Its absence is over, or nobody is to be told of it any more. @returns false: it was before */
export async function endAbsence(tx: Transaction, machineId: string): Promise<boolean> {
  const ended = await tx
    .delete(machineAbsences)
    .where(eq(machineAbsences.machineId, machineId))
    .returning({ machineId: machineAbsences.machineId });
  return ended.length > 0;
}
