// Announcements, heartbeats and questions about applying: request and reply, small, lossy on purpose. The only way back
// to an agent is a reply.
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  type ApplyingAnswer,
  ApplyingAnswerSchema,
  type ApplyingQuestion,
  ApplyingQuestionSchema,
} from "@ozone/proto/applying";
import {
  type Announcement,
  type AnnouncementReply,
  AnnouncementReplySchema,
  AnnouncementSchema,
  type Heartbeat,
  type HeartbeatReply,
  HeartbeatReplySchema,
  HeartbeatSchema,
} from "@ozone/proto/machine";
import { type Msg, NatsError } from "nats";
import { messageOf, OzoneError } from "../errors.ts";
import type { Bus } from "./connect.ts";
import { inboxPrefix, isMachineId, machineIdOf, subjects } from "./subjects.ts";

const REPLY_WAIT_MS = 5_000;

interface Exchange<Ask extends DescMessage, Reply extends DescMessage> {
  readonly ask: Ask;
  readonly reply: Reply;
}
/** Whose a message says that it is. */
const whose = ({ machineId }: { readonly machineId: string }): string => machineId;
const announcing = { ask: AnnouncementSchema, reply: AnnouncementReplySchema, whose } as const;
const beating = { ask: HeartbeatSchema, reply: HeartbeatReplySchema, whose } as const;
const applying = { ask: ApplyingQuestionSchema, reply: ApplyingAnswerSchema, whose } as const;

async function ask<Ask extends DescMessage, Reply extends DescMessage>(
  bus: Bus,
  subject: string,
  exchange: Exchange<Ask, Reply>,
  message: MessageShape<Ask>,
): Promise<MessageShape<Reply>> {
  try {
    const answer = await bus.connection.request(subject, toBinary(exchange.ask, message), {
      timeout: REPLY_WAIT_MS,
    });
    return fromBinary(exchange.reply, answer.data);
  } catch (thrown) {
    const nobody = thrown instanceof NatsError && thrown.code === "503";
    throw new OzoneError(
      "unavailable",
      nobody
        ? "No coordinator is listening on the bus."
        : `The coordinator did not answer: ${messageOf(thrown)}.`,
      { cause: thrown },
    );
  }
}

/** Says who we are. @throws OzoneError unavailable while no coordinator listens. */
export const announce = (bus: Bus, message: Announcement): Promise<AnnouncementReply> =>
  ask(bus, subjects.announce(message.machineId), announcing, message);

/** Says that we live, and learns what to stop. @throws OzoneError unavailable while no coordinator listens. */
export const sendHeartbeat = (bus: Bus, message: Heartbeat): Promise<HeartbeatReply> =>
  ask(bus, subjects.heartbeat(message.machineId), beating, message);

/** Asks what to apply, and says what came of it. @throws OzoneError unavailable while no coordinator listens. */
export const askAboutApplying = (bus: Bus, message: ApplyingQuestion): Promise<ApplyingAnswer> =>
  ask(bus, subjects.applying(message.machineId), applying, message);

/** Inboxes of agents that have no identity of their own (an external NATS, the password). */
const COMMON_INBOX = "_INBOX.";

/**
 * Where an answer may go. The server does not check the subject that an agent wants its answer on, and we may publish
 * anywhere: an answer to `$JS.API.STREAM.DELETE...` would delete a stream.
 */
const mayAnswer = (machineId: string, { reply }: Msg): boolean =>
  isMachineId(machineId) &&
  reply !== undefined &&
  (reply.startsWith(COMMON_INBOX) || reply.startsWith(`${inboxPrefix(machineId)}.`));

/**
 * Decides about a message before anything of it is read: `read` is called now, later, or never. No answer is an answer: the
 * agent's request times out and it tries again.
 */
export type Admit = (
  arrived: { readonly machineId: string; readonly bytes: number },
  read: () => Promise<void>,
) => void;

const everything: Admit = (_, read) => void read();

interface Answering<Ask extends DescMessage, Reply extends DescMessage> {
  readonly exchange: Exchange<Ask, Reply> & { readonly whose: (message: MessageShape<Ask>) => string };
  readonly admit: Admit;
  handle(machineId: string, message: MessageShape<Ask>): Promise<MessageShape<Reply>>;
}

function serve<Ask extends DescMessage, Reply extends DescMessage>(
  bus: Bus,
  subject: string,
  { exchange, admit, handle }: Answering<Ask, Reply>,
): () => void {
  const respond = async (machineId: string, message: Msg) => {
    const asked = fromBinary(exchange.ask, message.data);
    if (exchange.whose(asked) !== machineId) return;
    const reply = await handle(machineId, asked);
    message.respond(toBinary(exchange.reply, reply));
  };
  const subscription = bus.connection.subscribe(subject, {
    queue: "coordinator",
    callback: (error, message) => {
      if (error) return;
      const machineId = machineIdOf(message.subject);
      // The server answers a machine wherever it likes to be answered, also on another's subject: no reply is wanted there.
      if (!mayAnswer(machineId, message)) return;
      admit({ machineId, bytes: message.data.length }, () =>
        respond(machineId, message).catch(() => undefined),
      );
    },
  });
  return () => subscription.unsubscribe();
}

/** Answers announcements. `machineId` comes from the subject. @returns a function that ends it. */
export const onAnnouncement = (
  bus: Bus,
  handle: (machineId: string, message: Announcement) => Promise<AnnouncementReply>,
  admit = everything,
): (() => void) => serve(bus, subjects.allAnnouncements, { exchange: announcing, handle, admit });

/** Answers heartbeats. `machineId` comes from the subject. @returns a function that ends it. */
export const onHeartbeat = (
  bus: Bus,
  handle: (machineId: string, message: Heartbeat) => Promise<HeartbeatReply>,
  admit = everything,
): (() => void) => serve(bus, subjects.allHeartbeats, { exchange: beating, handle, admit });

/** Answers questions about applying. `machineId` comes from the subject. @returns a function that ends it. */
export const onApplyingQuestion = (
  bus: Bus,
  handle: (machineId: string, message: ApplyingQuestion) => Promise<ApplyingAnswer>,
  admit = everything,
): (() => void) => serve(bus, subjects.allApplying, { exchange: applying, handle, admit });
