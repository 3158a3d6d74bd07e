// Ozone's own certificates in the data folder: made once, renewed when due, replaced on demand. The CA stays, so that
// whoever trusts it needs to know nothing of a new server certificate.
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { writePrivateFile } from "../embedded/state-file.ts";
import { renewalReason } from "./describe.ts";
import { CA_DAYS, issueCa, issueServer, type Pair, SERVER_DAYS } from "./issue.ts";
import { canonical, isName, serverNames } from "./names.ts";

/** Where they lie. A server's certificate and key share a file: a reader never sees one without its other. */
export function certificateFiles(dataDir: string) {
  const folder = join(dataDir, "certificates");
  return {
    folder,
    /** The CA's certificate: no secret, this is what clients get. */
    ca: join(folder, "ca.pem"),
    /** The CA with its key. */
    caKey: join(folder, "ca-with-key.pem"),
    /** The server's certificate with its key. */
    server: join(folder, "server.pem"),
    /** Names that the owner gave, one a line. */
    names: join(folder, "names"),
  };
}

/** What was done, in words. */
export interface Outcome {
  readonly madeCa: boolean;
  /** Why there is a new server certificate; null when the old one stayed. */
  readonly replacedBecause: string | null;
}

export interface OwnOptions {
  readonly dataDir: string;
  /** The host that the coordinator listens on; empty when it is not known. */
  readonly listensOn: string;
  /** More names, kept for later. */
  readonly names?: readonly string[];
  /** A new server certificate even when the old one is good. */
  readonly rotate?: boolean;
  readonly now?: Date;
}

const PAIR =
  /^(-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----)\s+(-----BEGIN PRIVATE KEY-----[\s\S]+)$/;

async function readIfThere(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw new OzoneError("unavailable", `${path} can't be read (${messageOf(thrown)}); check who owns it.`);
  });
}

const pairText = ({ certificate, key }: Pair): string => `${certificate.trimEnd()}\n${key}`;

function parsePair(text: string, path: string): Pair {
  const [, certificate, key] = PAIR.exec(text.trim()) ?? [];
  if (certificate === undefined || key === undefined) {
    throw new OzoneError(
      "internal",
      `${path} holds no certificate with its key; restore it, or remove it to make new ones (clients then need the new ca.pem).`,
    );
  }
  return { certificate: `${certificate}\n`, key: `${key}\n` };
}

/** The CA, made when there is none. Two processes that do so at once end up with the same one. */
async function ensureCa(files: ReturnType<typeof certificateFiles>, now: Date) {
  const found = await readIfThere(files.caKey);
  if (found !== null) return { ca: parsePair(found, files.caKey), made: false };
  const aside = `${files.caKey}.${process.pid}`;
  await writeFile(aside, pairText(issueCa({ now, days: CA_DAYS })), { mode: 0o600 });
  try {
    await link(aside, files.caKey);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== "EEXIST") throw thrown;
  } finally {
    await rm(aside, { force: true });
  }
  return { ca: parsePair((await readIfThere(files.caKey)) ?? "", files.caKey), made: true };
}

const addressesHere = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    // Link-local ones need a zone, which no certificate can carry.
    .filter(({ address }) => !/^fe80:/i.test(address))
    .map(({ address }) => address);

async function keptNames(path: string, more: readonly string[]): Promise<string[]> {
  const wrong = more.find((name) => !isName(name));
  if (wrong !== undefined) {
    throw new OzoneError(
      "invalid_input",
      `${JSON.stringify(wrong)} is no name for a certificate; write a DNS name or an address.`,
    );
  }
  const before = ((await readIfThere(path)) ?? "").split("\n").filter(isName);
  const all = [...new Set([...more, ...before].map(canonical))];
  if (all.length > before.length) await writePrivateFile(path, `${all.join("\n")}\n`);
  return all;
}

/**
 * Makes what is missing and replaces a server certificate that is due.
 * @throws OzoneError with one sentence when the folder can't be used.
 */
export async function ensureOwnCertificates(options: OwnOptions): Promise<Outcome> {
  const { dataDir, listensOn, names = [], rotate = false, now = new Date() } = options;
  const files = certificateFiles(dataDir);
  await mkdir(files.folder, { recursive: true, mode: 0o700 });
  const given = await keptNames(files.names, names);
  const { ca, made } = await ensureCa(files, now);
  if ((await readIfThere(files.ca)) !== ca.certificate) {
    await writePrivateFile(files.ca, ca.certificate);
  }
  const wanted = serverNames({ hostname: hostname(), addresses: addressesHere(), listensOn, given });
  const server = await readIfThere(files.server);
  const because =
    server === null
      ? "there was none"
      : rotate
        ? "it was asked for"
        : renewalReason(server, { ca: ca.certificate, names: wanted, now });
  if (because !== null) {
    await writePrivateFile(files.server, pairText(issueServer(ca, wanted, { now, days: SERVER_DAYS })));
  }
  return { madeCa: made, replacedBecause: because };
}
