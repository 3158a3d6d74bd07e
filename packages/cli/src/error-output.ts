// How every error leaves the command line: one sentence on stderr, the exit code, and with --json one document.

import { Errors } from "@oclif/core";
import { type ErrorCode, messageOf, OzoneError } from "@ozone/shared/errors";
import { jsonText } from "./render/json-text.ts";

/** Exit codes of every command (docs: 0 ok, 1 failure, 2 usage). */
export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** What was asked for is wrong: usage. Everything else is a failure. */
export const exitCodeFor = (code: ErrorCode): number =>
  code === "invalid_input" ? EXIT.usage : EXIT.failure;

/** The document that --json prints for an error. */
export const errorDocument = ({ code, message }: OzoneError) => ({ error: { code, message } });

/** Anything thrown, as ours. What oclif's parser refuses is the fault of what was typed. */
export function asOzoneError(thrown: unknown): OzoneError {
  if (!(thrown instanceof Errors.CLIError)) return OzoneError.from(thrown);
  const sentence = messageOf(new Error(oneLine(thrown.message)));
  const stop = /[.!?]$/.test(sentence) ? "" : ".";
  return new OzoneError("invalid_input", `${sentence}${stop} See --help.`, { cause: thrown });
}

/** oclif explains missing arguments in a list below; their names are enough. */
function oneLine(message: string): string {
  const plain = message.replace(/\s*See more help with --help\s*/g, "");
  const [first = "", ...rest] = plain.split("\n");
  if (!/^Missing \d+ required args?:/.test(first)) return plain;
  return `${first} ${rest.flatMap((line) => line.trim().split(/\s+/)[0] ?? []).join(", ")}`;
}

/** Writes the error out and sets the exit code; the process ends by itself once its output has drained. */
export function reportError(thrown: unknown, json: boolean): void {
  if (thrown instanceof Errors.ExitError) {
    process.exitCode = thrown.oclif.exit ?? EXIT.ok;
    return;
  }
  const error = asOzoneError(thrown);
  process.exitCode = exitCodeFor(error.code);
  process.stderr.write(`${error.message}\n`);
  if (process.env.OZONE_DEBUG && error.stack) process.stderr.write(`${error.stack}\n`);
  if (json) process.stdout.write(`${jsonText(errorDocument(error))}\n`);
}
