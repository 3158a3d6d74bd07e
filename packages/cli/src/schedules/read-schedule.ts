// From what was typed behind `ozone schedule create` to a schedule, or one sentence that says what is wrong where.
import { create } from "@bufbuild/protobuf";
import { type Schedule, ScheduleSchema } from "@ozone/proto/schedule";
import { parseDuration } from "@ozone/shared/duration";
import { OzoneError } from "@ozone/shared/errors";
import { localDataFolder } from "../local/folder.ts";
import { nameStrategy } from "../local/name-strategy.ts";
import { readSweepRequest } from "../sweep-request/read-request.ts";
import { isModulePath } from "../sweep-request/strategy-module.ts";
import type { SweepFlagValues } from "../sweep-request/sweep-flags.ts";

/** What was typed. */
export interface TypedSchedule {
  readonly name: string;
  readonly file: string | undefined;
  readonly flags: SweepFlagValues & {
    readonly cron: string;
    readonly tz?: string | undefined;
    readonly window?: string | undefined;
    readonly late: string;
    readonly address?: string | undefined;
  };
}

function durationMs(flag: string, text: string): bigint {
  const ms = parseDuration(text);
  if (ms !== null && ms > 0) return BigInt(ms);
  throw new OzoneError(
    "invalid_input",
    `--${flag} must be a duration, for example 4h or 90m, not ${JSON.stringify(text)}.`,
  );
}

/** @throws OzoneError invalid_input with one sentence */
export async function readSchedule({ name, file, flags }: TypedSchedule): Promise<Schedule> {
  const elsewhere = Boolean(flags.address ?? process.env.OZONE_GRPC_ADDRESS);
  const request = await readSweepRequest({ file, flags, elsewhere });
  if (isModulePath(request.strategy) && !elsewhere) nameStrategy(localDataFolder(), request.strategy);
  return create(ScheduleSchema, {
    name,
    cron: flags.cron,
    timeZone: flags.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    request,
    windowMs: flags.window === undefined ? 0n : durationMs("window", flags.window),
    lateMs: durationMs("late", flags.late),
  });
}
