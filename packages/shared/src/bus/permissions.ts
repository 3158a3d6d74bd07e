// What an agent may do on the bus, as data: its own subjects, its own consumer, its own inbox, nothing else.
import { inboxPrefix, subjects, WORK_STREAM, workConsumer } from "./subjects.ts";

/** Subjects that a user of the bus may publish to and subscribe to. */
export interface BusPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * The permissions of one machine. They do not cover the subject that a message asks to be answered on: whoever answers
 * an agent looks at it first (control.ts), and whoever takes a message looks at whose it says it is.
 * @throws RangeError when the id could escape its token
 */
export function agentPermissions(machineId: string): BusPermissions {
  const consumer = `${WORK_STREAM}.${workConsumer(machineId)}`;
  return {
    publish: [
      subjects.result(machineId),
      subjects.heartbeat(machineId),
      subjects.announce(machineId),
      subjects.applying(machineId),
      `$JS.API.CONSUMER.INFO.${consumer}`,
      `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
      `$JS.ACK.${consumer}.>`,
    ],
    subscribe: [subjects.receipt(machineId), `${inboxPrefix(machineId)}.>`],
  };
}
