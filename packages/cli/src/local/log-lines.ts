// Reads what a started program has written to its log: steps for the person who waits, and why it ended.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { cleanText } from "../render/clean-text.ts";

/** Most that is read of a log at once; a program that writes more while starting has other troubles. */
const READ_BYTES_MAX = 1024 * 1024;

/** One line of a log. Programs of ours write JSON lines; anything else is a text of unknown level. */
export interface LogLine {
  readonly text: string;
  readonly level: "info" | "error" | "unknown";
}

/** Follows a log from where it stood. */
export interface LogFollower {
  /** Whole lines that came since the last call. */
  next(): LogLine[];
  /** All lines seen so far and now. */
  all(): LogLine[];
}

/** Follows the file from the offset in bytes. */
export function followLog(path: string, offset: number): LogFollower {
  const seen: LogLine[] = [];
  let position = offset;
  let rest = "";
  const next = () => {
    const { text, end } = readFrom(path, position);
    position = end;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    const read = lines.filter((line) => line.trim() !== "").map(parseLogLine);
    seen.push(...read);
    return read;
  };
  return {
    next,
    all: () => {
      next();
      return rest.trim() === "" ? seen : [...seen, parseLogLine(rest)];
    },
  };
}

/** A pino line (level 30 info, 50 error, 60 fatal) or a plain one. */
export function parseLogLine(line: string): LogLine {
  if (!line.startsWith("{")) return { text: cleanText(line), level: "unknown" };
  try {
    const { msg, level, err } = JSON.parse(line) as {
      msg?: unknown;
      level?: unknown;
      err?: { message?: unknown };
    };
    const text = typeof msg === "string" && msg !== "" ? msg : err?.message;
    if (typeof text !== "string") return { text: cleanText(line), level: "unknown" };
    const isError = level === "error" || level === "fatal" || (typeof level === "number" && level >= 50);
    return { text: cleanText(text), level: isError ? "error" : "info" };
  } catch {
    return { text: cleanText(line), level: "unknown" }; // a text that only looks like JSON
  }
}

/** Why a program ended, as far as its log says: its last error, else its last line. */
export function lastError(lines: readonly LogLine[]): string | null {
  const errors = lines.filter(({ level }) => level === "error");
  return errors.at(-1)?.text ?? lines.at(-1)?.text ?? null;
}

function readFrom(path: string, position: number): { text: string; end: number } {
  const buffer = Buffer.alloc(READ_BYTES_MAX);
  const descriptor = openSync(path, "r");
  try {
    // Shorter than it was: it had grown too large and was emptied.
    const start = fstatSync(descriptor).size < position ? 0 : position;
    const bytes = readSync(descriptor, buffer, 0, READ_BYTES_MAX, start);
    return { text: buffer.toString("utf8", 0, bytes), end: start + bytes };
  } finally {
    closeSync(descriptor);
  }
}
