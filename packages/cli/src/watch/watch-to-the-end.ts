// What `sweep run` and `sweep watch` do once there is a sweep: follow it, say how it ended, fail when it did.
import type { JsonValue } from "@bufbuild/protobuf";
import { SweepSchema } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { findCoordinator } from "../coordinator-address.ts";
import { connectCoordinator } from "../coordinator-client.ts";
import { Interrupted, interruptible } from "../interruption.ts";
import { messageJson } from "../message-json.ts";
import { sweepText } from "../render/text-sweeps.ts";
import { followSweep } from "./follow-sweep.ts";
import { progressWriter } from "./progress-writer.ts";
import { sweepProblem } from "./sweep-outcome.ts";

/** The end of a sweep, for people and for scripts. */
export interface WatchedSweep {
  readonly text: string;
  readonly document: { readonly sweep: JsonValue };
}

/**
 * Follows the sweep with progress on stderr.
 * @throws OzoneError when the sweep failed, was cancelled or measured nothing, or when Ctrl-C came.
 */
export async function watchToTheEnd(options: {
  address: string | undefined;
  sweepId: string;
}): Promise<WatchedSweep> {
  const { address, sweepId } = options;
  const writer = progressWriter(process.stderr);
  const connect = () => connectCoordinator(findCoordinator(address));
  try {
    const followed = await interruptible((signal) => followSweep({ connect, sweepId, writer, signal }));
    writer.end();
    const { sweep } = followed;
    const problem = sweepProblem(followed);
    if (problem) throw problem;
    return {
      text: `${sweepText(sweep, [])}\nNext: \`ozone preset list\`, \`ozone report build --sweep ${sweep.id}\`.\n`,
      document: { sweep: messageJson(SweepSchema, sweep) },
    };
  } catch (thrown) {
    if (!(thrown instanceof Interrupted)) throw thrown;
    const message = `Stopped following; the sweep goes on: \`ozone sweep watch ${sweepId}\` follows it, \`ozone sweep cancel ${sweepId}\` ends it.`;
    throw new OzoneError("cancelled", message, { cause: thrown });
  } finally {
    writer.end();
  }
}
