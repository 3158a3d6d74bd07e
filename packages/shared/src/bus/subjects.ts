// Names on the bus: streams, subjects and durable consumers, as data. Nothing else builds such a name.

/** Orders on their way to machines; an order leaves the stream when its machine acknowledges it. */
export const WORK_STREAM = "OZONE_WORK";
/** Results on their way to the coordinator. */
export const RESULT_STREAM = "OZONE_RESULTS";
/** The one durable consumer of results, shared by coordinators (one leads). */
export const INTAKE_CONSUMER = "intake";

const PREFIX = "ozone.v1";
const MACHINE_ID = /^[a-z0-9-]{1,64}$/;

/** Machine ids are one subject token. @throws RangeError when the id could escape its token. */
function token(machineId: string): string {
  if (!MACHINE_ID.test(machineId)) {
    throw new RangeError(`machine id ${JSON.stringify(machineId)} is not 1 to 64 of a-z, 0-9 and -`);
  }
  return machineId;
}

/** Whether an id may stand in a subject. */
export const isMachineId = (text: string): boolean => MACHINE_ID.test(text);

/** The machine id at the end of one of our subjects; empty when there is none. */
export const machineIdOf = (subject: string): string => subject.split(".")[3] ?? "";

/** Subjects: one kind of message each, the machine's id as the last token. */
export const subjects = {
  work: (machineId: string) => `${PREFIX}.work.${token(machineId)}`,
  result: (machineId: string) => `${PREFIX}.result.${token(machineId)}`,
  receipt: (machineId: string) => `${PREFIX}.receipt.${token(machineId)}`,
  heartbeat: (machineId: string) => `${PREFIX}.heartbeat.${token(machineId)}`,
  announce: (machineId: string) => `${PREFIX}.announce.${token(machineId)}`,
  applying: (machineId: string) => `${PREFIX}.applying.${token(machineId)}`,
  allWork: `${PREFIX}.work.*`,
  allResults: `${PREFIX}.result.*`,
  allHeartbeats: `${PREFIX}.heartbeat.*`,
  allAnnouncements: `${PREFIX}.announce.*`,
  allApplying: `${PREFIX}.applying.*`,
} as const;

/** Where answers to one machine arrive: nobody else may listen there. */
export const inboxPrefix = (machineId: string): string => `_INBOX_${token(machineId)}`;

/** Durable consumer of one machine's orders. */
export const workConsumer = (machineId: string): string => `work-${token(machineId)}`;
