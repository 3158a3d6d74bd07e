// A small disk of its own for one program: a tmpfs in a mount namespace, as root or in a user namespace.
import { execFileSync } from "node:child_process";

const namespaces = process.getuid?.() === 0 ? ["-m"] : ["-r", "-m"];

/** A wrapper that gives the program a disk of `sizeKb` at `folder`. */
export const onSmallDisk = (folder: string, sizeKb: number): [string, ...string[]] => [
  "unshare",
  ...namespaces,
  "sh",
  "-c",
  `mkdir -p "${folder}" && mount -t tmpfs -o size=${sizeKb}k,mode=755 ozone-test "${folder}" && exec "$0" "$@"`,
];

/** Runs a command where the program of `pid` sees its disk. */
function inside(pid: number, words: readonly string[]): void {
  const enter = process.getuid?.() === 0 ? ["-m"] : ["-U", "--preserve-credentials", "-m"];
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
