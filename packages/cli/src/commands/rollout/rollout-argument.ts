// The argument of every command about one roll-out.
import { Args } from "@oclif/core";

/** The id that `ozone rollout list` shows. */
export const ROLLOUT_ARGUMENT = {
  rollout: Args.string({
    description: "Id of the roll-out, as `ozone rollout list` shows it.",
    required: true,
  }),
};
