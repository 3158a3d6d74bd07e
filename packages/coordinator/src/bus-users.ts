// `ozone-coordinator bus-users`: who may use an external NATS, as a part of its configuration. That server's users are not
// ours to write: who runs it takes the file over and has it read again (docs/deploying.md).
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { credentialsOf } from "@ozone/shared/bus";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import type { CoordinatorConfig } from "./config.ts";
import { usersBlock } from "./embedded/nats-users.ts";
import { writePrivateFile } from "./embedded/state-file.ts";
import { approvedAgents } from "./store/machine-identities.ts";
import { openStore } from "./store/open-store.ts";

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

function outOf(words: readonly string[]): string | null {
  try {
    const { values } = parseArgs({ args: [...words], options: { out: { type: "string" } } });
    return values.out === undefined ? null : resolve(values.out);
  } catch {
    return refuse("Write `ozone-coordinator bus-users [--out FILE]`.");
  }
}

/** What the settings have to say: both parts are outside, and the coordinator has a user that must stay let in. */
function outsideParts({ databaseUrl, natsUrl }: CoordinatorConfig) {
  if (databaseUrl === null || natsUrl === null)
    return refuse(
      "`bus-users` is for a Postgres and a NATS of yours: set OZONE_DATABASE_URL and OZONE_NATS_URL as the coordinator has them. The nats-server that Ozone starts has its users already.",
    );
  const coordinator =
    credentialsOf(natsUrl) ??
    refuse(
      "OZONE_NATS_URL has no user and password: the coordinator would lock itself out; write nats://ozone:PASSWORD@host:4222.",
    );
  return { databaseUrl, coordinator };
}

const HEAD = [
  "# Written by `ozone-coordinator bus-users`; changes are lost. It holds the coordinator's password.",
  "# For `include` at the top level of nats-server's configuration, then reload that server.",
];

/**
 * The text for a screen, or with --out what was written where, as JSON.
 * @throws OzoneError with one sentence
 */
export async function busUsersCommand(words: readonly string[], config: CoordinatorConfig): Promise<string> {
  const out = outOf(words);
  const { databaseUrl, coordinator } = outsideParts(config);
  const store = await openStore(databaseUrl, () => undefined);
  try {
    const agents = await approvedAgents(store.db);
    const text = `${[...HEAD, ...usersBlock(coordinator, agents)].join("\n")}\n`;
    if (out === null) return text;
    await writePrivateFile(out, text).catch((thrown: unknown) =>
      refuse(`${out} can't be written: ${messageOf(thrown)}.`),
    );
    return `${JSON.stringify({ file: out, machines: agents.length })}\n`;
  } finally {
    await store.close();
  }
}
