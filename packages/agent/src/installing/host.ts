// The system that is installed into: its files below a root, its tools by name. Tests bring a root and tools of their own.
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { digestOf } from "./install-record.ts";

/** One system. */
export interface Host {
  /** Where its files are; "" is the running system. */
  readonly root: string;
  /** It does not run: nothing is started, no user is made (--root). */
  readonly staged: boolean;
  /** Environment of the tools, for PATH. */
  readonly env: NodeJS.ProcessEnv;
}

const TOOL_MS = 120_000;

/** The place of a path of that system. */
export const at = ({ root }: Host, path: string): string => (root === "" ? path : join(root, path));

/** The content of a file there, null without one. @throws the system's error for any other trouble */
export async function contentOf(host: Host, path: string): Promise<Buffer | null> {
  return readFile(at(host, path)).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
}

/** Its digest, null without one. */
export async function digestAt(host: Host, path: string): Promise<string | null> {
  const content = await contentOf(host, path);
  return content === null ? null : digestOf(content);
}

/** Whether something is there. */
export const isThere = (host: Host, path: string): Promise<boolean> =>
  stat(at(host, path)).then(
    () => true,
    () => false, // not there, which is the question
  );

/** Number of the user that something belongs to, null where it is not there. */
export const ownerOf = (host: Host, path: string): Promise<number | null> =>
  stat(at(host, path)).then(
    ({ uid }) => uid,
    () => null, // not there: nobody's
  );

/** The names in a folder; none where there is no folder. */
export const namesIn = (host: Host, path: string): Promise<string[]> =>
  readdir(at(host, path)).catch(() => []);

/** What a tool prints. @throws OzoneError with what it said */
export function ask(host: Host, command: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: { ...host.env, LC_ALL: "C" }, timeout: TOOL_MS, encoding: "utf8" as const };
    execFile(command, [...words], options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().split("\n")[0] || messageOf(error);
      const sentence = `\`${command} ${words.join(" ")}\` failed (${said}); mend that and run the command again.`;
      reject(new OzoneError("unavailable", sentence, { cause: error }));
    });
  });
}

/** The same, null where it fails: a question whose answer may be no. */
export const askMaybe = (host: Host, command: string, words: readonly string[]): Promise<string | null> =>
  ask(host, command, words).catch(() => null);

/** systemctl, which can work on a root that does not run. */
export const systemctl = (host: Host, words: readonly string[]): Promise<string> =>
  ask(host, "systemctl", host.staged ? [`--root=${host.root}`, ...words] : words);
