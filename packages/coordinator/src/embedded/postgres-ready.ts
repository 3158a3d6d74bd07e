// Is the embedded Postgres ready? Asked by connecting to it, the only answer that counts.
import { realpath } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/** User and database that Ozone uses inside the embedded Postgres. */
export const OWNER = "ozone";

export interface PostgresAddress {
  port: number;
  password: string;
}

/** ready: speaks for our cluster. not-yet: try again. refused: another server, or another password. */
export interface Probe {
  state: "ready" | "not-yet" | "refused";
  detail: string;
}

/** The connection string for `pg`, password included. Pure. */
export function postgresUrl({ port, password }: PostgresAddress): string {
  return `postgres://${OWNER}:${password}@127.0.0.1:${port}/${OWNER}`;
}

/** Connects once; makes the database "ozone" when the cluster is new. Never rejects. */
export async function probePostgres({ port, password }: PostgresAddress, cluster: string): Promise<Probe> {
  const access = { host: "127.0.0.1", port, user: OWNER, password, database: "postgres" };
  const client = new pg.Client({ ...access, connectionTimeoutMillis: 3_000, query_timeout: 30_000 });
  client.on("error", () => {
    // The connection broke between two queries; the next query rejects and says why.
  });
  let connected = false;
  try {
    await client.connect();
    connected = true;
    const folder = await client.query<{ data_directory: string }>("show data_directory");
    const answered = folder.rows[0]?.data_directory ?? "";
    if (!(await isSameFolder(answered, cluster))) {
      return { state: "refused", detail: `port ${port} is answered by the Postgres of ${answered}` };
    }
    const found = await client.query("select 1 from pg_database where datname = $1", [OWNER]);
    if (found.rowCount === 0) await client.query(`create database ${OWNER}`);
    return { state: "ready", detail: "" };
  } catch (error) {
    return classify(error);
  } finally {
    // Both may fail when the server just ended; without a connection there is no answer to wait for.
    const ended = client.end().catch(() => undefined);
    if (connected) await ended;
  }
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  if (one === other) return true;
  const resolved = await realpath(one).catch(() => one); // not there: not the same
  return resolved === other;
}

/** 28xxx: wrong user or password; everything else (starting up, connection refused) may pass. */
function classify(error: unknown): Probe {
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return { state: code.startsWith("28") ? "refused" : "not-yet", detail };
}

/**
 * Asks until the answer is ready or refused, `ended` says that the server is gone, or the deadline (a
 * `performance.now()` value) has passed; the last answer is returned.
 */
export async function waitForPostgres(options: {
  ask: () => Promise<Probe>;
  ended: () => boolean;
  deadline: number;
}): Promise<Probe> {
  let pauseMs = 10;
  for (;;) {
    const answer = await options.ask();
    if (answer.state !== "not-yet" || options.ended() || performance.now() > options.deadline) return answer;
    await wait(pauseMs);
    pauseMs = Math.min(pauseMs * 1.5, 250);
  }
}
