// The cluster (Postgres's own word for its data folder): its record in Ozone's data folder, and where it lies.
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Account, accountFor, openUpTo } from "./postgres-account.ts";
import { numberField, readState, textField, writeState } from "./state-file.ts";

/** Where clusters go when the data folder can't be entered by the account that Postgres runs as. */
const SHARED_FOLDER = "/var/lib/ozone";

/** What postgres.json in the data folder (mode 0600) keeps. */
export interface PostgresRecord {
  /** Random name of this data folder's cluster: a new data folder never meets the cluster of a deleted one. */
  id: string;
  password: string;
  port: number | null;
  /** Process id of the postmaster that was last started or adopted. */
  pid: number | null;
  /** Absolute path of the cluster. */
  cluster: string | null;
}

/** The cluster's place and account, decided once per start. */
export interface ClusterPlace {
  /** Postgres's data folder. */
  cluster: string;
  /** The folder that holds it, which the account can enter. */
  home: string;
  account: Account | null;
}

/** Path of the record in a data folder. */
export function postgresRecordFile(dataDir: string): string {
  return join(dataDir, "postgres.json");
}

/** Reads the record; null when the data folder has none. */
export async function readPostgresRecord(dataDir: string): Promise<PostgresRecord | null> {
  const state = await readState(postgresRecordFile(dataDir));
  const id = textField(state, "id");
  const password = textField(state, "password");
  if (id === null || password === null) return null;
  const port = numberField(state, "port");
  return { id, password, port, pid: numberField(state, "pid"), cluster: textField(state, "cluster") };
}

/** Reads the record, or makes one with a fresh random password. */
export async function ensurePostgresRecord(dataDir: string): Promise<PostgresRecord> {
  const found = await readPostgresRecord(dataDir);
  if (found !== null) return found;
  if (await isCluster(join(dataDir, "cluster"))) {
    throw new Error(
      `${postgresRecordFile(dataDir)}, which holds the password of the embedded Postgres, is missing: restore it, or remove ${dataDir} to begin anew.`,
    );
  }
  const password = randomBytes(24).toString("hex");
  const record = { id: randomUUID(), password, port: null, pid: null, cluster: null };
  await writeState(postgresRecordFile(dataDir), record);
  return record;
}

/** True when initdb has finished here. */
export async function isCluster(folder: string): Promise<boolean> {
  return (await stat(join(folder, "PG_VERSION")).catch(() => null)) !== null; // absent, or out of our reach
}

/**
 * Decides where the cluster lies and as whom Postgres runs. As root it must be a folder that the unprivileged account
 * can enter: the data folder (opened for entering from `homeDir` down), else one below /var/lib/ozone.
 * @throws Error when an existing cluster can't be reached any more.
 */
export async function placeCluster(options: {
  dataDir: string;
  homeDir: string;
  record: PostgresRecord;
  log: (line: string) => void;
}): Promise<ClusterPlace> {
  const { dataDir, record } = options;
  const inside = join(dataDir, "cluster");
  const name = createHash("sha256").update(`${dataDir}\n${record.id}`).digest("hex").slice(0, 16);
  const away = join(SHARED_FOLDER, "clusters", name);
  const awayCluster = join(away, "cluster");
  const existing = (await isCluster(inside)) ? inside : (await isCluster(awayCluster)) ? awayCluster : null;
  const owner = existing === null ? null : await stat(existing);
  const account = accountFor(process.getuid?.() ?? null, owner, process.platform);
  if (account === null) return { cluster: inside, home: dataDir, account };
  if (existing === awayCluster) return { cluster: awayCluster, home: away, account };
  const blocking = await openUpTo(dataDir, options.homeDir, account);
  if (blocking.length === 0) return { cluster: inside, home: dataDir, account };
  const problem = `Postgres can't run as root, and the user it runs as (uid ${account.uid}) can't enter ${blocking.join(", ")}`;
  if (existing === inside) {
    throw new Error(`${problem}, where its cluster is: allow that (chmod o+x), or set OZONE_DATABASE_URL.`);
  }
  await makeSharedFolder(away, account, problem);
  options.log(
    `${problem}: its data is kept in ${away}; remove that folder as well when you remove ${dataDir}.`,
  );
  return { cluster: awayCluster, home: away, account };
}

async function makeSharedFolder(folder: string, account: Account, problem: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const blocking = await openUpTo(folder, SHARED_FOLDER, account);
    if (blocking.length > 0) throw new Error(`${blocking.join(", ")} can't be entered either`);
  } catch (error) {
    throw new Error(
      `${problem}, and ${folder} can't be made for it instead: choose a data folder that others may enter, or set OZONE_DATABASE_URL.`,
      { cause: error },
    );
  }
}
