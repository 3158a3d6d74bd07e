// Whether a migration may be run while the last release still works on the same tables (docs/upgrading.md): it may add, and
// what the release knows has to stay as it is. Pure, over the text of the SQL files.

/** Tables of the last release, by name. */
export type KnownTables = ReadonlySet<string>;

const NAME = String.raw`(?:"public"\.)?"?([A-Za-z_][A-Za-z0-9_]*)"?`;
const CREATES = new RegExp(`^create table (?:if not exists )?${NAME}`, "i");
const ALTERS = new RegExp(String.raw`^alter table (?:if exists )?(?:only )?${NAME}\s+(.*)$`, "is");
const DROPS = new RegExp(`^drop table (?:if exists )?${NAME}`, "i");
const INDEXES = new RegExp(`^create unique index .*? on (?:only )?${NAME}`, "is");
const LATER = "expand now, contract one release later (docs/upgrading.md)";

/** The statements of a file, as drizzle runs them. */
export const statementsOf = (sql: string): string[] =>
  sql
    .split("--> statement-breakpoint")
    .flatMap((part) => part.split(/;\s*(?:\n|$)/))
    .map((one) => one.trim())
    .filter((one) => one !== "");

/** Tables that a file makes. */
export const tablesMadeBy = (sql: string): string[] =>
  statementsOf(sql).flatMap((one) => CREATES.exec(one)?.[1] ?? []);

/** What an ALTER TABLE of a released table does that the release could not live with; null: nothing. */
function whatBreaks(action: string): string | null {
  const added = /^add column (?:if not exists )?(\S+)(.*)$/is.exec(action);
  if (added) {
    const [, column = "", rest = ""] = added;
    const isFilled = /\bdefault\b/i.test(rest) || !/\bnot null\b/i.test(rest);
    if (/\b(unique|check|primary key)\b/i.test(rest)) return `puts a new rule on its rows (${column})`;
    return isFilled ? null : `adds ${column} NOT NULL without a DEFAULT, so that the release can't insert`;
  }
  return `does what is no added column (${action.replace(/\s+/g, " ").slice(0, 80)})`;
}

function problemOf(statement: string, known: KnownTables): string | null {
  const dropped = DROPS.exec(statement)?.[1];
  if (dropped !== undefined && known.has(dropped)) return `drops ${dropped}`;
  const [, unique = ""] = INDEXES.exec(statement) ?? [];
  if (known.has(unique)) return `makes a unique index on ${unique}, which the release's rows may break`;
  const [, table = "", action = ""] = ALTERS.exec(statement) ?? [];
  if (!known.has(table)) return unknownStatement(statement);
  const breaks = whatBreaks(action);
  return breaks === null ? null : `alters ${table}: ${breaks}`;
}

/** Everything that is neither CREATE nor ALTER of a new table: the rule can't tell what it does to the release. */
const unknownStatement = (statement: string): string | null =>
  /^(create|alter) (table|index|unique index|sequence|type)/i.test(statement)
    ? null
    : `runs a statement that the rule does not know (${statement.replace(/\s+/g, " ").slice(0, 80)})`;

/**
 * What is wrong with one migration, a sentence each.
 * @param known tables of the last release; those that came after it may still be changed
 */
export function contractions(file: string, sql: string, known: KnownTables): string[] {
  return statementsOf(sql).flatMap((statement) => {
    const problem = problemOf(statement, known);
    return problem === null ? [] : [`${file} ${problem}; the last release still uses its tables: ${LATER}.`];
  });
}
