// A reason for waiting as it travels. Pure.
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromMs } from "@bufbuild/protobuf/wkt";
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

/** From the message. The kind may be one that only another version knows. */
export const waitReasonOf = ({ kind, detail, since, until }: WaitMessage): WaitReason => ({
  kind,
  detail,
  ...(since ? { sinceMs: timestampDate(since).getTime() } : {}),
  ...(until ? { untilMs: timestampDate(until).getTime() } : {}),
});
