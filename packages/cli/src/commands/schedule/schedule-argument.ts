// The argument of every command about one schedule.
import { Args } from "@oclif/core";

/** Its name. */
export const SCHEDULE_ARGUMENT = {
  schedule: Args.string({
    description: "Name of the schedule, as `ozone schedule list` shows it.",
    required: true,
  }),
};
