// `ozone-agent install`: this very file becomes a service of this machine. Linux with systemd.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { OzoneError } from "@ozone/shared/errors";
import { readFlags } from "../read-flags.ts";
import { carryOut } from "./carry-out.ts";
import { guardWords } from "./first-settings.ts";
import { type Host, systemctl } from "./host.ts";
import { lookAround } from "./look-around.ts";
import { checkChoice, type InstallChoice, placesOf, UNIT } from "./places.ts";
import { planInstall, stepText } from "./plan-install.ts";
import { agentUnit } from "./systemd-unit.ts";
import { putBack } from "./upgrade-note.ts";

/** What the command is given from outside. */
export interface InstallPorts {
  readonly host: Omit<Host, "staged">;
  /** The bundle that runs; null: this is a checkout of the repository. */
  readonly bundle: string | null;
  readonly node: string;
  readonly say: (line: string) => void;
}

const OPTIONS = {
  user: { type: "string", default: "ozone" },
  prefix: { type: "string", default: "/opt/ozone" },
  "data-dir": { type: "string", default: "/var/lib/ozone" },
  node: { type: "string" },
  root: { type: "string" },
  "no-start": { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
} as const;

/** The system that --root names does not run; without it this one is meant. */
export const hostOf = (root: string | undefined, host: InstallPorts["host"]): Host =>
  root === undefined ? { ...host, staged: false } : { ...host, root: resolve(root), staged: true };

/** @throws OzoneError with one sentence */
export async function runInstall(argv: readonly string[], ports: InstallPorts): Promise<void> {
  const flags = readFlags(argv, OPTIONS);
  if (ports.bundle === null)
    throw new OzoneError(
      "invalid_input",
      "A checkout can't be installed: run `npm run bundle` and install with dist/ozone-agent.mjs.",
    );
  const choice: InstallChoice = {
    ...{ user: flags.user, prefix: flags.prefix, dataDir: flags["data-dir"] },
    ...{ node: flags.node ?? ports.node, start: !flags["no-start"] },
  };
  checkChoice(choice);
  const host = hostOf(flags.root, ports.host);
  if (!flags["dry-run"] && (await putBack(host, flags.prefix))) {
    ports.say("an upgrade was interrupted here: the program of before is in place again");
    if (!host.staged) await systemctl(host, ["try-restart", UNIT]);
  }
  const facts = await lookAround(host, choice, await readFile(ports.bundle));
  const steps = planInstall(choice, facts);
  const { settings } = placesOf(choice);
  const written = steps.some((step) => step.act === "file" && step.path === settings);
  const guarded = written ? guardWords(facts.hasDesktop, settings) : null;
  if (guarded !== null) ports.say(guarded);
  if (flags["dry-run"]) {
    for (const step of steps) ports.say(stepText(step, false));
    ports.say(`\n${placesOf(choice).unit}:\n\n${agentUnit(choice, facts)}`);
    return;
  }
  await carryOut(host, { choice, steps, earlier: facts.record }, ports.say);
  ports.say(steps.length === 0 ? "nothing to do: all is as it should be" : nextWords(choice));
}

/** Only the agent's own user may read its key, so it enrols as that user. */
const nextWords = (choice: InstallChoice): string => {
  const { user, dataDir, node } = choice;
  const { program } = placesOf(choice);
  const enrol = `runuser -u ${user} -- env OZONE_DATA_DIR=${dataDir} ${node} ${program} enroll --coordinator HOST:PORT`;
  return `Until it has enrolled it starts again and again. To enrol (the token comes on stdin):\n  ${enrol}`;
};
