// The argument of every command about one sweep.
import { Args } from "@oclif/core";

/** The id that `ozone sweep list` shows. */
export const SWEEP_ARGUMENT = {
  sweep: Args.string({ description: "Id of the sweep, as `ozone sweep list` shows it.", required: true }),
};
