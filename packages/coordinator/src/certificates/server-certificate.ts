// The certificate that the coordinator's servers show: one of the user's own, or one that Ozone makes and renews.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { certificateFiles, ensureOwnCertificates } from "./own-certificates.ts";

/** Files that the user brought: OZONE_TLS_CERT, OZONE_TLS_KEY, OZONE_TLS_CA. */
export interface BroughtFiles {
  readonly certificate: string;
  readonly key: string;
  /** What clients have to trust; null: what the system trusts. */
  readonly ca: string | null;
}

/** A certificate chain and its key, PEM. */
export interface Shown {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** What a server needs of it. */
export interface ServerCertificate {
  /** Paths, for a program that reads them itself. */
  readonly files: BroughtFiles;
  read(): Promise<Shown>;
  /** The CA that clients have to trust, PEM; null: one that their systems trust. */
  readCa(): Promise<string | null>;
  /** Calls back when the files have changed; what is returned ends that, and the renewal. */
  follow(onChange: () => void): () => void;
}

const DAY_MS = 86_400_000;
/** A new certificate is taken up within this. */
const LOOK_EVERY_MS = 2_000;

async function readFileOf(path: string, variable: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new OzoneError(
      "invalid_input",
      `${variable} ${path} can't be read (${messageOf(thrown)}); correct the path or the file's owner.`,
    );
  }
}

/** @throws OzoneError with one sentence when the files are missing, are none, don't belong together or have expired. */
async function readShown({ certificate, key }: BroughtFiles): Promise<Shown> {
  const shown = {
    certificate: await readFileOf(certificate, "OZONE_TLS_CERT"),
    key: await readFileOf(key, "OZONE_TLS_KEY"),
  };
  let parsed: X509Certificate;
  let belongs: boolean;
  try {
    parsed = new X509Certificate(shown.certificate);
    belongs = parsed.checkPrivateKey(createPrivateKey(shown.key));
  } catch (thrown) {
    throw new OzoneError(
      "invalid_input",
      `OZONE_TLS_CERT and OZONE_TLS_KEY must be PEM files of a certificate and its unencrypted key (${messageOf(thrown)}).`,
    );
  }
  if (!belongs) {
    throw new OzoneError(
      "invalid_input",
      `The key in OZONE_TLS_KEY ${key} does not belong to the certificate in OZONE_TLS_CERT ${certificate}.`,
    );
  }
  if (new Date(parsed.validTo).getTime() <= Date.now()) {
    throw new OzoneError(
      "invalid_input",
      `The certificate in OZONE_TLS_CERT ${certificate} expired on ${parsed.validTo}; replace it.`,
    );
  }
  return shown;
}

/**
 * The certificate to show. Own ones are made or renewed now, and renewed once a day while they are followed.
 * @throws OzoneError with one sentence when it can't be had.
 */
export async function openServerCertificate(
  {
    dataDir,
    brought,
    listensOn,
    names = [],
  }: { dataDir: string; brought: BroughtFiles | null; listensOn: string; names?: readonly string[] },
  log: (line: string) => void,
): Promise<ServerCertificate> {
  const own = certificateFiles(dataDir);
  const files = brought ?? { certificate: own.server, key: own.server, ca: own.ca };
  const renew = async () => {
    const { madeCa, replacedBecause } = await ensureOwnCertificates({ dataDir, listensOn, names });
    if (madeCa) log(`made a CA for this coordinator; clients need ${own.ca}`);
    else if (replacedBecause !== null) log(`replaced the server's certificate: ${replacedBecause}`);
  };
  if (brought === null) await renew();
  await readShown(files);
  return {
    files,
    read: () => readShown(files),
    readCa: async () =>
      files.ca === null ? null : (await readFileOf(files.ca, "OZONE_TLS_CA")).toString("utf8"),
    follow(onChange) {
      const daily = setInterval(() => {
        if (brought !== null) return;
        renew().catch((thrown: unknown) => log(`the certificate could not be renewed: ${messageOf(thrown)}`));
      }, DAY_MS);
      daily.unref();
      watchFile(files.certificate, { interval: LOOK_EVERY_MS, persistent: false }, onChange);
      return () => {
        clearInterval(daily);
        unwatchFile(files.certificate, onChange);
      };
    },
  };
}
