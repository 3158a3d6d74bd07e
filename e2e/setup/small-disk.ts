// A small disk of its own for one program: a tmpfs in a mount namespace, as root or in a user namespace.
import { execFileSync } from "node:child_process";

const isRoot = process.getuid?.() === 0;
const namespaces = isRoot ? ["-m"] : ["-r", "-m"];

/**
 * A wrapper that gives the program a disk of `sizeKb` at `folder`. In a user namespace it seems to be root, as which
 * Postgres does not run: `asOneself` gives it its own user id again, but then nobody can look at its disk from outside.
 */
export function onSmallDisk(folder: string, sizeKb: number, asOneself = false): [string, ...string[]] {
  const back = `unshare -U --map-user=${process.getuid?.()} --map-group=${process.getgid?.()}`;
  const run = asOneself && !isRoot ? `exec ${back} "$0" "$@"` : 'exec "$0" "$@"';
  const mount = `mount -t tmpfs -o size=${sizeKb}k,mode=755 ozone-test "${folder}"`;
  return ["unshare", ...namespaces, "sh", "-c", `mkdir -p "${folder}" && ${mount} && ${run}`];
}

/** Runs a command where the program of `pid` sees its disk. */
function inside(pid: number, words: readonly string[]): void {
  const enter = isRoot ? ["-m"] : ["-U", "--preserve-credentials", "-m"];
  execFileSync("nsenter", ["-t", String(pid), ...enter, ...words], { stdio: "ignore" });
}

/** Fills the disk to the last byte. */
export function fillDisk(pid: number, folder: string): void {
  inside(pid, ["sh", "-c", `cat /dev/zero > "${folder}/filler" || true`]);
}

/** Makes room again. */
export function makeRoom(pid: number, folder: string): void {
  inside(pid, ["rm", "-f", `${folder}/filler`]);
}
