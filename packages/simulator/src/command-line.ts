// What the commands of ozone-sim have in common: how they refuse, and how they read a grid.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { messageOf } from "@ozone/shared/errors";
import { GridProblem, parseGrid, type RecordedGrid } from "./grids/recorded-grid.ts";

const GZIP_MAGIC = 0x1f;

/** A sentence about what was typed. */
export class UsageProblem extends Error {}

/** A flag that has to be there. @throws UsageProblem */
export function required(value: string | undefined, flag: string): string {
  if (value === undefined || value === "") throw new UsageProblem(`--${flag} is missing.`);
  return value;
}

/** @throws UsageProblem or GridProblem with one sentence */
export function readGrid(file: string): RecordedGrid {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (thrown) {
    throw new UsageProblem(`The grid ${file} can't be read: ${messageOf(thrown)}.`);
  }
  try {
    return parseGrid((bytes[0] === GZIP_MAGIC ? gunzipSync(bytes) : bytes).toString("utf8"));
  } catch (thrown) {
    if (thrown instanceof GridProblem) throw new GridProblem(`${file}: ${thrown.message}`);
    throw thrown;
  }
}
