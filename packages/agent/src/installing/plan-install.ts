// What an installation does, step by step, from what was found. Pure: `--dry-run` prints it, carry-out.ts does it.
import { OzoneError } from "@ozone/shared/errors";
import { firstSettings } from "./first-settings.ts";
import { digestOf, type InstallRecord } from "./install-record.ts";
import { type InstallChoice, type Places, placesOf, UNIT } from "./places.ts";
import { agentUnit, type UnitFacts } from "./systemd-unit.ts";

/** One act. `why` is for people. */
export type Step =
  | { readonly act: "user"; readonly name: string; readonly home: string }
  | { readonly act: "folder"; readonly path: string; readonly mode: number; readonly owner: string | null }
  | { readonly act: "file"; readonly path: string; readonly content: Buffer; readonly mode: number }
  | { readonly act: "keep"; readonly path: string; readonly why: string }
  | { readonly act: "systemctl"; readonly words: readonly string[] };

/** What is there already. */
export interface InstallFacts extends UnitFacts {
  readonly userExists: boolean;
  /** Digest of each of our files; null: not there. */
  readonly digests: Readonly<Record<string, string | null>>;
  /** Folders of ours that are there. */
  readonly folders: ReadonlySet<string>;
  readonly record: InstallRecord | null;
  readonly bundle: Buffer;
  /** Another root than the running system's: nothing there can be started. */
  readonly staged: boolean;
  /** The data folder is there and belongs to another user. */
  readonly dataOfAnother: boolean;
  /** It shows a login screen. */
  readonly hasDesktop: boolean;
}

/** @throws OzoneError already_exists for a file that is of no installation of ours */
export function planInstall(choice: InstallChoice, facts: InstallFacts): Step[] {
  const places = placesOf(choice);
  if (facts.dataOfAnother) refuseData(choice);
  const files = [
    ...fileSteps({ path: places.program, content: facts.bundle, mode: 0o644 }, facts),
    ...fileSteps({ path: places.unit, content: Buffer.from(agentUnit(choice, facts)), mode: 0o644 }, facts),
    ...settingsSteps(places, facts),
  ];
  const changed = files.some(({ act }) => act === "file");
  return [
    ...(facts.userExists || facts.staged ? [] : [userStep(choice)]),
    ...folderSteps(choice, places, facts),
    ...files,
    ...unitSteps(choice, facts, changed),
  ];
}

function refuseData({ dataDir, user }: InstallChoice): never {
  throw new OzoneError(
    "invalid_input",
    `${dataDir} belongs to another user than ${user}: give it over (\`chown -R ${user}: ${dataDir}\`), or name another folder with --data-dir.`,
  );
}

const userStep = ({ user, dataDir }: InstallChoice): Step => ({ act: "user", name: user, home: dataDir });

function folderSteps(choice: InstallChoice, places: Places, { folders, staged }: InstallFacts): Step[] {
  const wanted: Step[] = [
    { act: "folder", path: choice.prefix, mode: 0o755, owner: null },
    { act: "folder", path: places.settingsFolder, mode: 0o755, owner: null },
    { act: "folder", path: choice.dataDir, mode: 0o700, owner: staged ? null : choice.user },
  ];
  return wanted.filter((step) => step.act === "folder" && !folders.has(step.path));
}

type Wanted = { path: string; content: Buffer; mode: number };

/** Ours and as it was written: replaced. Ours and changed by a person: kept. Not ours: refused. */
function fileSteps({ path, content, mode }: Wanted, { digests, record }: InstallFacts): Step[] {
  const there = digests[path] ?? null;
  if (there === digestOf(content))
    return record?.files[path] === undefined ? [{ act: "file", path, content, mode }] : [];
  const written = record?.files[path];
  if (there === null || there === written) return [{ act: "file", path, content, mode }];
  if (written !== undefined)
    return [{ act: "keep", path, why: "a person changed it; move it away to have it written anew" }];
  throw new OzoneError(
    "already_exists",
    `${path} is there and no installation has written it; move it away, or look at what made it.`,
  );
}

/** People write into this one: what is there stays. */
const settingsSteps = ({ settings: path }: Places, { digests, hasDesktop }: InstallFacts): Step[] =>
  digests[path] == null
    ? [{ act: "file", path, content: Buffer.from(firstSettings(hasDesktop)), mode: 0o600 }]
    : [];

function unitSteps({ start }: InstallChoice, { staged }: InstallFacts, changed: boolean): Step[] {
  if (staged) return start ? [{ act: "systemctl", words: ["enable", UNIT] }] : [];
  const reload: Step[] = changed ? [{ act: "systemctl", words: ["daemon-reload"] }] : [];
  if (!start) return reload;
  const words = [changed ? "restart" : "start", UNIT];
  return [...reload, { act: "systemctl", words: ["enable", UNIT] }, { act: "systemctl", words }];
}

/** One line for people. `done`: it has happened. */
export function stepText(step: Step, done: boolean): string {
  const verb = (past: string, plan: string) => (done ? past : plan);
  if (step.act === "user") return `${verb("made", "make")} the system user ${step.name}`;
  if (step.act === "keep") return `${verb("kept", "keep")} ${step.path}: ${step.why}`;
  if (step.act === "systemctl") return `${verb("ran", "run")} systemctl ${step.words.join(" ")}`;
  const owner = step.act === "folder" && step.owner !== null ? ` for ${step.owner}` : "";
  const what = step.act === "folder" ? `${verb("made", "make")} folder` : verb("wrote", "write");
  return `${what} ${step.path} (${step.mode.toString(8).padStart(4, "0")})${owner}`;
}
