// A reason for waiting as it travels. Pure.
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type WaitReason as WaitMessage, WaitReasonSchema } from "@ozone/proto/wait";
import type { WaitReason } from "./wait-reason.ts";

const KIND_MAX = 40;
const DETAIL_MAX = 200;

/** To the message; texts are cut to what a screen shows. */
export const waitMessage = ({ kind, detail, sinceMs, untilMs }: WaitReason): WaitMessage =>
  create(WaitReasonSchema, {
    kind: kind.slice(0, KIND_MAX),
    detail: detail.slice(0, DETAIL_MAX),
    ...(sinceMs === undefined ? {} : { since: timestampFromMs(Math.round(sinceMs)) }),
    ...(untilMs === undefined ? {} : { until: timestampFromMs(Math.round(untilMs)) }),
  });

/** The last moment that has four digits for its year. */
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** A moment that a screen can show; what an agent says may be any number. */
const momentOf = (timestamp: Timestamp | undefined): number | null => {
  const ms = timestamp ? Number(timestamp.seconds) * 1_000 + Math.floor(timestamp.nanos / 1e6) : -1;
  return ms >= 0 && ms <= LAST_MS ? ms : null;
};

/** From the message. The kind may be one that only another version knows. */
export function waitReasonOf({ kind, detail, since, until }: WaitMessage): WaitReason {
  const [sinceMs, untilMs] = [momentOf(since), momentOf(until)];
  return {
    kind,
    detail,
    ...(sinceMs === null ? {} : { sinceMs }),
    ...(untilMs === null ? {} : { untilMs }),
  };
}
