// Migrations as this program carries them, in the shape that drizzle applies. Pure.
import { createHash } from "node:crypto";
import type { MigrationMeta } from "drizzle-orm/migrator";

/** One migration as drizzle-kit wrote it. */
export interface Migration {
  /** Name of its file, without the ending. */
  readonly tag: string;
  /** When it was written: what drizzle goes by to know which ones are still to be applied. */
  readonly whenMs: number;
  readonly breakpoints: boolean;
  readonly sql: string;
}

const BETWEEN_STATEMENTS = "--> statement-breakpoint";

/** What drizzle's own reader makes of the file. */
export const migrationMeta = ({ whenMs, breakpoints, sql }: Migration): MigrationMeta => ({
  sql: sql.split(BETWEEN_STATEMENTS),
  bps: breakpoints,
  folderMillis: whenMs,
  hash: createHash("sha256").update(sql).digest("hex"),
});
