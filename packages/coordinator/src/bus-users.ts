// `ozone-coordinator bus-users`: who may use an external NATS, as a part of its configuration. That server's users are not
// ours to write: who runs it takes the file over and has it read again (docs/deploying.md).
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { credentialsOf } from "@ozone/shared/bus";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { calloutKeys } from "./callout/callout-keys.ts";
import type { CoordinatorConfig } from "./config.ts";
import { type CoordinatorUser, calloutBlock, usersBlock } from "./embedded/nats-users.ts";
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

/** The coordinator has a user, which must stay let in. */
const coordinatorOf = (natsUrl: string): CoordinatorUser =>
  credentialsOf(natsUrl) ??
  refuse(
    "OZONE_NATS_URL has no user and password: the coordinator would lock itself out; write nats://ozone:PASSWORD@host:4222.",
  );

const headOf = (how: string): string[] => [
  "# Written by `ozone-coordinator bus-users`; changes are lost. It holds the coordinator's password.",
  `# For \`include\` at the top level of nats-server's configuration, then ${how}.`,
];

/** The lines, and what is said of them where they go into a file. */
interface Block {
  readonly head: readonly string[];
  readonly lines: readonly string[];
  readonly about: object;
}

/** Every approved machine, as it is now. */
async function listOfUsers(databaseUrl: string, coordinator: CoordinatorUser): Promise<Block> {
  const store = await openStore(databaseUrl, () => undefined);
  try {
    const agents = await approvedAgents(store.db);
    const head = headOf("reload that server");
    return { head, lines: usersBlock(coordinator, agents), about: { machines: agents.length } };
  } finally {
    await store.close();
  }
}

/** No machine by name: the server asks. The keys are made with the first one. */
async function callout(keysPath: string, coordinator: CoordinatorUser): Promise<Block> {
  const { issuer, user } = await calloutKeys(keysPath);
  const lines = calloutBlock(coordinator, { issuer: issuer.publicKey, user: user.publicKey });
  const head = headOf("start that server again: a reload does not take an auth callout up");
  return { head, lines, about: { callout: issuer.publicKey, keys: keysPath } };
}

function blockFor({ databaseUrl, natsUrl, callout: settings }: CoordinatorConfig): Promise<Block> {
  if (natsUrl !== null && settings !== null) return callout(settings.keysPath, coordinatorOf(natsUrl));
  if (databaseUrl === null || natsUrl === null)
    return refuse(
      "`bus-users` is for a Postgres and a NATS of yours: set OZONE_DATABASE_URL and OZONE_NATS_URL as the coordinator has them. The nats-server that Ozone starts has its users already.",
    );
  return listOfUsers(databaseUrl, coordinatorOf(natsUrl));
}

/**
 * The text for a screen, or with --out what was written where, as JSON.
 * @throws OzoneError with one sentence
 */
export async function busUsersCommand(words: readonly string[], config: CoordinatorConfig): Promise<string> {
  const out = outOf(words);
  const { head, lines, about } = await blockFor(config);
  const text = `${[...head, ...lines].join("\n")}\n`;
  if (out === null) return text;
  await writePrivateFile(out, text).catch((thrown: unknown) =>
    refuse(`${out} can't be written: ${messageOf(thrown)}.`),
  );
  return `${JSON.stringify({ file: out, ...about })}\n`;
}
