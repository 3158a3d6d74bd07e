// The log files of the embedded servers, and the sentence made of their last lines when a start fails.
import { open, rename, stat } from "node:fs/promises";

const ROTATE_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 12;

/** Size of a file in bytes; 0 when it is not there. */
export async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null); // not there yet
  return found?.size ?? 0;
}

/** Keeps at most one older log of 16 MiB: a larger one becomes FILE.1. Called before each start. */
export async function rotateLog(file: string): Promise<void> {
  if ((await sizeOf(file)) > ROTATE_BYTES) await rename(file, `${file}.1`);
}

/** The last lines (at most 12) that were written after byte `fromByte`. */
export async function readTail(file: string, fromByte: number): Promise<string> {
  const handle = await open(file, "r").catch(() => null); // never created: nothing was said
  if (handle === null) return "";
  try {
    const { size } = await handle.stat();
    const start = Math.max(fromByte <= size ? fromByte : 0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    await handle.read(buffer, 0, buffer.length, start);
    return lastLines(buffer.toString("utf8"));
  } finally {
    await handle.close();
  }
}

/** The last lines (at most 12) of a text, empty ones left out. Pure. */
export function lastLines(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.slice(-TAIL_LINES).join("\n");
}

/** True when the text says that the disk is full. Pure. */
export function saysDiskFull(text: string): boolean {
  return /No space left on device|ENOSPC|EDQUOT|Disk quota exceeded|There is not enough space on the disk/i.test(
    text,
  );
}

/** True when the text says that the port is taken. Pure. */
export function saysPortTaken(text: string): boolean {
  return /address already in use|EADDRINUSE|could not bind|Only one usage of each socket address/i.test(text);
}

/** The error for a port that another program listens on. Pure. */
export function portTakenError(port: number): Error {
  return new Error(
    `Port ${port} of 127.0.0.1 is taken (address already in use): end the program that listens on it, then start again.`,
  );
}

export interface Failure {
  /** What went wrong, without a full stop: "The embedded Postgres ended while starting". */
  what: string;
  /** The folder whose disk it writes to. */
  folder: string;
  /** Last lines of its log. */
  tail: string;
  /** What to do when the log gives no better advice. */
  advice: string;
}

/** Makes the one error of a failed start: what, where, what to do, then the log's last lines. Pure. */
export function failureOf({ what, folder, tail, advice }: Failure): Error {
  const next = saysDiskFull(`${what}\n${tail}`)
    ? `The disk that holds ${folder} is full (no space left on device): free some space there, then start again.`
    : advice;
  return new Error(`${what}. ${next}${tail === "" ? "" : `\nIts last words:\n${tail}`}`);
}

/**
 * Turns the bare errors of the file system (full disk, no right to write) into a sentence with advice; other errors
 * come back as they are. Pure.
 * @param what the thing that could not be done, such as "The embedded Postgres can't be started".
 */
export function explainFileError(error: unknown, what: string, folder: string): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (!["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS"].includes(String(error.code))) return error;
  const advice = `This user can't write in ${folder}: run as its owner, or choose another data folder.`;
  return failureOf({ what: `${what} (${error.message})`, folder, tail: "", advice });
}
