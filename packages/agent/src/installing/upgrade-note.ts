// What an upgrade of an installed agent keeps until it has ended: the program of before, and a note. Whoever finds the note
// finds an upgrade that was killed, and puts the program of before back.
import { unlink } from "node:fs/promises";
import { OzoneError } from "@ozone/shared/errors";
import { at, contentOf, type Host } from "./host.ts";
import { digestOf } from "./install-record.ts";
import { readRecord } from "./look-around.ts";
import { placesOf } from "./places.ts";
import { writeWhole } from "./write-whole.ts";

/** Where they lie. */
const paths = (prefix: string) => ({
  note: `${prefix}/upgrade.json`,
  before: `${prefix}/ozone-agent.before.mjs`,
});

const MODE = 0o644;

/** Puts a program in its place, and into the record of what was installed. */
export async function setProgram(host: Host, prefix: string, program: Buffer): Promise<void> {
  const places = placesOf({ prefix });
  const record = await readRecord(host, prefix);
  if (record === null) throw new OzoneError("not_found", `${places.record} is gone; install again.`);
  await writeWhole(host, places.program, program, MODE);
  const files = { ...record.files, [places.program]: digestOf(program) };
  const text = `${JSON.stringify({ ...record, files }, null, 2)}\n`;
  await writeWhole(host, places.record, Buffer.from(text), MODE);
}

/** Keeps the program of before, then notes that an upgrade has begun. */
export async function keepBefore(host: Host, prefix: string, program: Buffer): Promise<void> {
  const { note, before } = paths(prefix);
  await writeWhole(host, before, program, MODE);
  const text = `${JSON.stringify({ format: 1, before: digestOf(program) })}\n`;
  await writeWhole(host, note, Buffer.from(text), MODE);
}

/** The upgrade has ended, one way or the other. */
export async function forgetBefore(host: Host, prefix: string): Promise<void> {
  const { note, before } = paths(prefix);
  await unlink(at(host, note));
  await unlink(at(host, before));
}

/**
 * Puts the program of before back where an upgrade was killed.
 * @returns whether one was
 * @throws OzoneError internal when what was kept is not what the note says
 */
export async function putBack(host: Host, prefix: string): Promise<boolean> {
  const { note, before } = paths(prefix);
  const text = await contentOf(host, note);
  if (text === null) return false;
  const program = await contentOf(host, before);
  if (program === null || !text.includes(`"${digestOf(program)}"`))
    throw new OzoneError(
      "internal",
      `${before} is not the program that ${note} names; put the bundle of the version before in place of ${placesOf({ prefix }).program}, and remove both.`,
    );
  await setProgram(host, prefix, program);
  await forgetBefore(host, prefix);
  return true;
}
