// QuarantineService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type DropQuarantinedRequest,
  DropQuarantinedResponseSchema,
  ListQuarantineResponseSchema,
  QuarantinedMessageSchema,
  type QuarantineService,
  RetryQuarantinedResponseSchema,
  ShowQuarantinedResponseSchema,
} from "@ozone/proto/quarantine_service";
import { OzoneError } from "@ozone/shared/errors";
import { readablePart } from "../intake/readable-part.ts";
import { noSuchMessage, retryQuarantined } from "../intake/retry-quarantined.ts";
import { noteAct } from "../store/acts.ts";
import type { Store } from "../store/open-store.ts";
import {
  countChosen,
  dropQuarantined,
  findQuarantined,
  listQuarantine,
  type QuarantineChoice,
  type QuarantineRow,
} from "../store/quarantine.ts";
import type { PresetKey } from "../store/results.ts";
import type { Handlers } from "./grpc-server.ts";

/** What the handlers need. */
export interface QuarantinePorts {
  readonly store: Store;
  /** Called when a message was counted after all. */
  readonly counted: (key: PresetKey) => void;
}

const LIST_DEFAULT = 100;
const LIST_MAX = 5_000;
const IDS_MAX = 1_000;

const toMessage = (row: QuarantineRow) =>
  create(QuarantinedMessageSchema, {
    ...{ id: BigInt(row.id), machineId: row.machineId, reason: row.reason, digest: row.digest },
    ...{ keptBytes: row.keptBytes, cut: row.cut, receivedAt: timestampFromDate(row.receivedAt) },
  });

/** A number that Postgres can hold; others name no message. */
function idOf(id: bigint): number {
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw noSuchMessage(id);
  return Number(id);
}

function choiceOf({ ids, machineId, olderThanMs }: DropQuarantinedRequest): QuarantineChoice {
  const rule = machineId !== "" || olderThanMs > 0n;
  if (rule === ids.length > 0) {
    throw new OzoneError("invalid_input", "Name messages by their ids, or by their machine or age.");
  }
  if (ids.length > IDS_MAX) {
    throw new OzoneError("invalid_input", `Name at most ${IDS_MAX} messages at once.`);
  }
  return { ids: ids.map(idOf), machineId, olderThanMs: Number(olderThanMs) };
}

const wordsOf = ({ ids, machineId, olderThanMs }: QuarantineChoice, messages: number): string =>
  ids.length > 0
    ? `messages ${ids.join(", ")}`
    : `${messages} messages${machineId === "" ? "" : ` of ${machineId}`}${olderThanMs > 0 ? `, older than ${olderThanMs} ms` : ""}`;

/** Handlers of the quarantine service. */
export const quarantineHandlers = ({
  store,
  counted,
}: QuarantinePorts): Handlers<typeof QuarantineService> => ({
  listQuarantine: async ({ machineId, limit }) => {
    const rows = await listQuarantine(store.db, machineId, Math.min(limit || LIST_DEFAULT, LIST_MAX));
    const total = await countChosen(store.db, { ids: [], machineId, olderThanMs: 0 });
    return create(ListQuarantineResponseSchema, { messages: rows.map(toMessage), total });
  },
  showQuarantined: async ({ id }) => {
    const row = await findQuarantined(store.db, idOf(id));
    if (row === null) throw noSuchMessage(id);
    const part = readablePart(row.payload);
    return create(ShowQuarantinedResponseSchema, {
      message: toMessage(row),
      ...(part === null ? {} : { readable: part.result, readableBytes: part.bytes }),
    });
  },
  retryQuarantined: async ({ id }, { caller }) => {
    const { touched, ...answer } = await retryQuarantined(store, idOf(id), caller.who);
    if (touched !== null) counted(touched);
    return create(RetryQuarantinedResponseSchema, answer);
  },
  dropQuarantined: async (request, { caller }) => {
    const choice = choiceOf(request);
    if (request.countOnly) {
      return create(DropQuarantinedResponseSchema, { messages: await countChosen(store.db, choice) });
    }
    const messages = await store.db.transaction(async (tx) => {
      const dropped = await dropQuarantined(tx, choice);
      const act = { what: "dropped from quarantine", about: choice.machineId };
      if (dropped > 0) await noteAct(tx, { who: caller.who, ...act, detail: wordsOf(choice, dropped) });
      return dropped;
    });
    return create(DropQuarantinedResponseSchema, { messages });
  },
});
