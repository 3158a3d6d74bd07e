// `ozone-agent upgrade BUNDLE --sha256 DIGEST`: an installed agent is replaced by another bundle, and comes back if that one
// is not as well as it was. Linux with systemd.
import { parseDuration } from "@ozone/shared/duration";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { readFlags } from "../read-flags.ts";
import { healthOf, lookAtAgent, untilHealthy } from "./health.ts";
import { ask, contentOf, type Host, systemctl } from "./host.ts";
import { digestOf, type InstallRecord } from "./install-record.ts";
import { readRecord } from "./look-around.ts";
import { placesOf, UNIT } from "./places.ts";
import { readBundle, withPrivateCopy } from "./read-bundle.ts";
import { forgetBefore, keepBefore, putBack, setProgram } from "./upgrade-note.ts";

/** What the command is given from outside. */
export interface UpgradePorts {
  readonly host: Omit<Host, "staged">;
  readonly node: string;
  readonly say: (line: string) => void;
  /** Held while the program changes: one benchmark at a time per host, so that none is cut off. */
  readonly lockHost: (signal: AbortSignal, onWait: () => void) => Promise<{ release(): Promise<void> }>;
  /** Between two looks at the new agent. */
  readonly lookEveryMs?: number;
}

const OPTIONS = {
  sha256: { type: "string" },
  prefix: { type: "string", default: "/opt/ozone" },
  now: { type: "boolean", default: false },
  wait: { type: "string", default: "30m" },
  health: { type: "string", default: "2m" },
} as const;

const LOOK_EVERY_MS = 1_000;

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

function durationOf(flag: string, text: string): number {
  return parseDuration(text) ?? refuse(`${flag} ${JSON.stringify(text)} is no duration; write 90s or 10m.`);
}

interface Asked {
  readonly bundle: string;
  readonly prefix: string;
  readonly waitMs: number | null;
  readonly healthMs: number;
  readonly sha256: string;
}

function readWords([bundle = "", ...rest]: readonly string[]): Asked {
  if (bundle === "" || bundle.startsWith("-"))
    refuse("Name the new bundle first, a file or an address: `ozone-agent upgrade BUNDLE --sha256 DIGEST`.");
  const flags = readFlags(rest, OPTIONS);
  const sha256 = (flags.sha256 ?? "").toLowerCase().replace(/^sha256:/, "");
  if (!/^[0-9a-f]{64}$/.test(sha256))
    refuse("--sha256 needs the 64 digits that `sha256sum` prints where the bundle was made.");
  const { prefix } = flags;
  const waitMs = flags.now ? null : durationOf("--wait", flags.wait);
  return { bundle, prefix, sha256, waitMs, healthMs: durationOf("--health", flags.health) };
}

/** The new program, if it is the one that was meant and starts here. */
async function verified(host: Host, { bundle, sha256 }: Asked, node: string): Promise<Buffer> {
  const content = await readBundle(bundle);
  const digest = digestOf(content);
  if (digest !== sha256)
    refuse(`${bundle} is not the bundle that was meant: its SHA-256 is ${digest}; nothing was changed.`);
  await withPrivateCopy(content, (path) => ask(host, node, [path, "--version"]));
  return content;
}

/** The program that runs now, as it was installed. */
async function installed(host: Host, prefix: string): Promise<{ record: InstallRecord; program: Buffer }> {
  const { program: path, record: recordPath } = placesOf({ prefix });
  const record = await readRecord(host, prefix);
  if (record === null)
    throw new OzoneError("not_found", `${recordPath} is not there: nothing is installed below ${prefix}.`);
  const program = await contentOf(host, path);
  if (program === null || digestOf(program) !== record.files[path])
    throw new OzoneError(
      "invalid_input",
      `${path} is not what was installed; put that back, or install anew, before it is upgraded.`,
    );
  return { record, program };
}

/** Keeps trials out while `work` goes on. @throws OzoneError deadline_exceeded when one runs for longer than `waitMs` */
async function betweenTrials(
  { lockHost, say }: UpgradePorts,
  waitMs: number | null,
  work: () => Promise<void>,
): Promise<void> {
  if (waitMs === null) return work();
  const signal = AbortSignal.timeout(waitMs);
  const lock = await lockHost(signal, () => say("waiting for the trial that runs")).catch(
    (thrown: unknown) => {
      if (!signal.aborted) throw thrown;
      throw new OzoneError(
        "deadline_exceeded",
        "A trial still runs; nothing was changed. Wait longer (--wait 2h), or don't wait (--now): the trial is then begun again.",
      );
    },
  );
  try {
    await work();
  } finally {
    await lock.release();
  }
}

/** @throws OzoneError with one sentence; the program of before is in place then */
export async function runUpgrade(argv: readonly string[], ports: UpgradePorts): Promise<void> {
  const asked = readWords(argv);
  const { prefix } = asked;
  const { say, lookEveryMs = LOOK_EVERY_MS } = ports;
  const host: Host = { ...ports.host, staged: false };
  if (await putBack(host, prefix)) {
    await systemctl(host, ["restart", UNIT]);
    say("an upgrade was interrupted here: the program of before is in place again");
  }
  const { record, program } = await installed(host, prefix);
  const content = await verified(host, asked, ports.node);
  if (digestOf(content) === digestOf(program)) return say("nothing to do: this bundle is installed already");
  const before = healthOf(await lookAtAgent(host, record));
  say(`verified ${asked.bundle}; the agent of now: ${before}`);
  await betweenTrials(ports, asked.waitMs, async () => {
    await keepBefore(host, prefix, program);
    say("kept the program of before");
    await setProgram(host, prefix, content);
    say("put the new program in place");
  });
  const problem = await restarted(host, record, { before, limitMs: asked.healthMs, lookEveryMs });
  if (problem === null) {
    await forgetBefore(host, prefix);
    return say(`the new agent is as well as the one before it: ${before === "down" ? "running" : before}`);
  }
  await putBack(host, prefix);
  await systemctl(host, ["restart", UNIT]);
  throw new OzoneError(
    "unavailable",
    `The new agent ${problem}, and the one before it was ${before}: the program of before is in place again. \`journalctl -u ${UNIT}\` says why.`,
  );
}

/** Restarts the unit and waits. @returns what is wrong, null: nothing */
async function restarted(
  host: Host,
  record: InstallRecord,
  options: Parameters<typeof untilHealthy>[2],
): Promise<string | null> {
  try {
    await systemctl(host, ["restart", UNIT]);
  } catch (thrown) {
    return `could not be started (${messageOf(thrown)})`;
  }
  const health = await untilHealthy(host, record, options);
  return health === null ? null : `got no further than ${health}`;
}
