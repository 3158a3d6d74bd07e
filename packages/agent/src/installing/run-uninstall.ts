// `ozone-agent uninstall`: takes away what install made and its record names; what a person changed is said and kept.
import { rm, rmdir, unlink } from "node:fs/promises";
import { OzoneError } from "@ozone/shared/errors";
import { readFlags } from "../read-flags.ts";
import { ask, at, digestAt, type Host, isThere, namesIn, systemctl } from "./host.ts";
import type { InstallRecord } from "./install-record.ts";
import { readRecord } from "./look-around.ts";
import { checkChoice, placesOf, UNIT } from "./places.ts";
import { hostOf, type InstallPorts } from "./run-install.ts";

const OPTIONS = {
  prefix: { type: "string", default: "/opt/ozone" },
  root: { type: "string" },
  purge: { type: "boolean", default: false },
} as const;

/** @throws OzoneError with one sentence */
export async function runUninstall(
  argv: readonly string[],
  { host: given, say }: Omit<InstallPorts, "bundle" | "node">,
): Promise<void> {
  const { prefix, root, purge } = readFlags(argv, OPTIONS);
  const host = hostOf(root, given);
  const record = await readRecord(host, prefix);
  if (record === null) {
    const { record: path } = placesOf({ prefix });
    throw new OzoneError("not_found", `${path} is not there: nothing is installed below ${prefix}.`);
  }
  // What the record says is not believed blindly: it ends in paths that are removed.
  checkChoice({ prefix, user: record.user, dataDir: record.dataDir, node: "/usr/bin/node", start: false });
  await stopUnit(host, record, say);
  await removeFiles(host, record, say);
  if (!host.staged) await systemctl(host, ["daemon-reload"]);
  await (purge ? purgeData(host, record, say) : keepData(host, record, say));
  await unlink(at(host, placesOf({ prefix }).record));
  await removeFolders(host, record, say);
}

type Say = InstallPorts["say"];

async function stopUnit(host: Host, record: InstallRecord, say: Say): Promise<void> {
  const { unit } = placesOf({ prefix: "" });
  if (record.files[unit] === undefined || !(await isThere(host, unit))) return;
  await systemctl(host, host.staged ? ["disable", UNIT] : ["disable", "--now", UNIT]);
  say(`stopped and disabled ${UNIT}`);
}

async function removeFiles(host: Host, { files }: InstallRecord, say: Say): Promise<void> {
  for (const [path, written] of Object.entries(files)) {
    const now = await digestAt(host, path);
    if (now === null) continue;
    if (now === written) await unlink(at(host, path));
    say(now === written ? `removed ${path}` : `kept ${path}: a person changed it since`);
  }
}

async function purgeData(host: Host, { dataDir, user, madeUser }: InstallRecord, say: Say): Promise<void> {
  say(
    `removing ${dataDir}: the machine's key and id (it has to enrol again), results without a receipt, its journal`,
  );
  await rm(at(host, dataDir), { recursive: true, force: true });
  if (!madeUser) return;
  await ask(host, "userdel", [user]);
  say(`removed the system user ${user}`);
}

async function keepData(host: Host, { dataDir, user, madeUser }: InstallRecord, say: Say): Promise<void> {
  if (await isThere(host, dataDir))
    say(`kept ${dataDir}${madeUser ? ` and its user ${user}` : ""}: key, id and results without a receipt`);
}

/** The innermost first; one in which something else lies stays. */
async function removeFolders(host: Host, { folders, dataDir }: InstallRecord, say: Say): Promise<void> {
  for (const path of [...folders].reverse()) {
    if (path === dataDir || !(await isThere(host, path))) continue;
    const left = await namesIn(host, path);
    if (left.length === 0) await rmdir(at(host, path));
    say(left.length === 0 ? `removed ${path}` : `kept ${path}: ${left.length} other thing(s) lie in it`);
  }
}
