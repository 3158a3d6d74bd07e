// `ozone-agent enroll`: the token comes from a file, the environment or stdin, never from an argument, which everyone
// on the machine could read.
import { mkdir, readFile } from "node:fs/promises";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { readConfig } from "../config.ts";
import { readFlags } from "../read-flags.ts";
import { trustFor } from "./coordinator-trust.ts";
import { enrol } from "./enrol.ts";

const TOKEN_BYTES_MAX = 4_096;

/** What the command reads and writes. */
export interface EnrolStreams {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: AsyncIterable<Buffer | string>;
  readonly isTerminal: boolean;
  readonly say: (line: string) => void;
  readonly stop: AbortSignal;
}

const OPTIONS = {
  coordinator: { type: "string" },
  ca: { type: "string" },
  "ca-fingerprint": { type: "string" },
  "token-file": { type: "string" },
  name: { type: "string" },
  "data-dir": { type: "string" },
} as const;

/** A token is one line; whoever types it need not end the input too. */
async function fromStdin({ stdin, say, isTerminal }: EnrolStreams): Promise<string> {
  if (isTerminal) say("Paste the token and press Enter:");
  let text = "";
  for await (const piece of stdin) {
    text += String(piece);
    if (isTerminal && text.includes("\n")) break;
    if (text.length > TOKEN_BYTES_MAX)
      throw new OzoneError("invalid_input", "What came on stdin is no token.");
  }
  return text;
}

async function readToken(file: string | undefined, streams: EnrolStreams): Promise<string | null> {
  if (file !== undefined) {
    return readFile(file, "utf8").catch((thrown: unknown) => {
      throw new OzoneError("invalid_input", `The token file can't be read: ${messageOf(thrown)}.`);
    });
  }
  const token = takeToken(streams.env) ?? (await fromStdin(streams));
  return token.trim() === "" ? null : token;
}

/** The token of the environment, which is gone from it then: no program that we start inherits it. */
export function takeToken(env: NodeJS.ProcessEnv): string | null {
  const token = env.OZONE_ENROLL_TOKEN || null;
  delete env.OZONE_ENROLL_TOKEN;
  return token;
}

/** Runs the command. @throws OzoneError with one sentence */
export async function enrolCommand(argv: readonly string[], streams: EnrolStreams): Promise<void> {
  const {
    coordinator: typed,
    "token-file": file,
    ca,
    "ca-fingerprint": fingerprint,
    ...rest
  } = readFlags(argv, OPTIONS);
  const token = await readToken(file, streams);
  const flags = Object.entries(rest).flatMap(([flag, value]) => (value ? [`--${flag}`, value] : []));
  const { dataDir, name, coordinator: set, coordinatorTrust } = readConfig(streams.env, flags);
  const coordinator = typed ?? set;
  if (!coordinator || !/:\d{1,5}$/.test(coordinator))
    throw new OzoneError("invalid_input", "Say where the coordinator is: --coordinator HOST:PORT.");
  const { stop, say } = streams;
  await mkdir(dataDir, { recursive: true });
  const said =
    ca || fingerprint ? { caFile: ca ?? null, fingerprint: fingerprint ?? null } : coordinatorTrust;
  const { identity } = await enrol({
    ...{ dataDir, name, coordinator, stop, log: say },
    trust: await trustFor(coordinator, dataDir, said),
    token: token?.trim() ?? null,
  });
  say(`${identity.machineId} is enrolled; \`ozone-agent start\` takes up work.`);
}
