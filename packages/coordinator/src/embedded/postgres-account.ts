// Postgres refuses to run as root. Here is decided as whom it runs instead, and whether that account can reach the
// folders it needs: it must be able to enter every folder on the way.
import { chmod, stat } from "node:fs/promises";
import { dirname, parse, relative, sep } from "node:path";

/** A user and group id that a child process runs as. */
export interface Account {
  uid: number;
  gid: number;
}

/** Linux's "nobody": exists everywhere, so no user has to be created. */
export const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * The account for Postgres; null means "as the current user".
 * @param user uid of this process, or null where there is none (Windows).
 * @param owner who owns the existing cluster, or null when there is none yet: root keeps running it as its owner.
 * @throws Error for root on a system other than Linux.
 */
export function accountFor(
  user: number | null,
  owner: Account | null,
  platform: NodeJS.Platform,
): Account | null {
  if (user !== 0) return null;
  if (platform !== "linux") {
    throw new Error(
      "The embedded Postgres can't run as root on this system: start Ozone as an ordinary user, or set OZONE_DATABASE_URL to a Postgres of yours.",
    );
  }
  return owner !== null && owner.uid !== 0 ? owner : NOBODY;
}

/** Owner and permission bits, as `fs.stat` gives them. */
export interface Permissions {
  uid: number;
  gid: number;
  mode: number;
}

/** True when the account has all the rights (4 read, 2 write, 1 enter or execute) on the file. Pure; knows no ACLs. */
export function mayUse(file: Permissions, account: Account, rights: number): boolean {
  const shift = file.uid === account.uid ? 6 : file.gid === account.gid ? 3 : 0;
  return ((file.mode >> shift) & rights) === rights;
}

/** The folder and all folders above it, from the top down. */
function pathDownTo(folder: string): string[] {
  const above: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    above.unshift(at);
    if (at === parse(at).root) return above;
  }
}

/** The folders, among `folder` (absolute, without symbolic links) and those above it, that the account can't enter. */
export async function blockingFolders(folder: string, account: Account): Promise<string[]> {
  const blocking: string[] = [];
  for (const at of pathDownTo(folder)) {
    if (!mayUse(await stat(at), account, 1)) blocking.push(at);
  }
  return blocking;
}

/**
 * Lets the account enter `folder`. Folders from `ours` down that belong to this user get the right to be entered (not
 * read) by others; a folder above stays as it is, because its privacy is not ours to change.
 * @returns the folders that still block; empty when it can be entered now.
 */
export async function openUpTo(folder: string, ours: string, account: Account): Promise<string[]> {
  const blocking = await blockingFolders(folder, account);
  const foreign: string[] = [];
  for (const at of blocking) {
    const found = await stat(at);
    if (!isWithin(at, ours) || found.uid !== process.getuid?.()) foreign.push(at);
  }
  if (foreign.length > 0) return foreign;
  for (const at of blocking) await chmod(at, (await stat(at)).mode | 0o001);
  return [];
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}
