// Values of flags: read strictly, one sentence per problem.
import { OzoneError } from "@ozone/shared/errors";

/** Flags as node parsed them. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** An error of usage. */
export const usage = (sentence: string): OzoneError =>
  new OzoneError("invalid_input", `${sentence} See \`ozone-agent bench --help\`.`);

/** A text that is not empty. */
export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** @throws OzoneError invalid_input when it is missing */
export function required(flags: Flags, name: string): string {
  const value = text(flags, name);
  if (value === undefined) throw usage(`--${name} is missing.`);
  return value;
}

/** A whole number within limits. @throws OzoneError invalid_input */
export function whole(
  flags: Flags,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw usage(`--${name} is ${JSON.stringify(value)}; a whole number from ${least} to ${most} is needed.`);
}

/** A share above 0 and up to 1, or null for anything else. */
export function shareOf(value: unknown): number | null {
  const number =
    typeof value === "string" && /^(\d+(\.\d*)?|\.\d+)$/.test(value.trim()) ? Number(value) : Number.NaN;
  return number > 0 && number <= 1 ? number : null;
}
