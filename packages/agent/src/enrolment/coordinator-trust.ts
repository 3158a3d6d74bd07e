// What the connection to the coordinator rests on: loopback, a CA from a file, the CA of a fingerprint (fetched on first
// use and kept), or the system's. A token is never said on anything less.
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { connect, type DetailedPeerCertificate, type TLSSocket } from "node:tls";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { fingerprintText, parseFingerprint } from "@ozone/shared/fingerprint";
import { hostOf, isLoopback } from "@ozone/shared/host-address";
import { writeDurably } from "../outbox/durable-file.ts";

/** Speak TLS, and trust this CA. */
export interface Trust {
  /** PEM; null: those that the system trusts. */
  readonly ca: string | null;
}

/** What was said about it. */
export interface TrustSource {
  /** File of the CA. */
  readonly caFile: string | null;
  /** As typed. */
  readonly fingerprint: string | null;
}

const CONNECT_MS = 15_000;
const CHAIN_MAX = 10;

const keptFile = (dataDir: string): string => join(dataDir, "coordinator-ca.pem");

async function keptCa(dataDir: string): Promise<string | null> {
  return readFile(keptFile(dataDir), "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
}

const fingerprintOf = (certificate: X509Certificate): string => fingerprintText(certificate.fingerprint256);

function fingerprintOfKept(pem: string): string | null {
  try {
    return fingerprintOf(new X509Certificate(pem));
  } catch {
    return null; // damaged: it is fetched again
  }
}

/** Certificates that the server has shown, from its own to the last. */
function shownBy(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let current: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (current?.raw && chain.length < CHAIN_MAX) {
    chain.push(new X509Certificate(current.raw));
    const next: DetailedPeerCertificate | undefined = current.issuerCertificate;
    current = next === current ? undefined : next;
  }
  return chain;
}

/** Nothing is said on this connection: it only sees what the server shows, and trusts none of it. */
function handshake(address: string): Promise<X509Certificate[]> {
  const host = hostOf(address);
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  const name = isIP(host) > 0 ? {} : { servername: host };
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...name, ALPNProtocols: ["h2"], rejectUnauthorized: false });
    const give = (end: () => void) => {
      socket.destroy();
      end();
    };
    const fail = (why: string, cause?: unknown) =>
      give(() =>
        reject(
          new OzoneError(
            "unavailable",
            `No coordinator answers with TLS at ${address} (${why}); check the address.`,
            {
              cause,
            },
          ),
        ),
      );
    socket.setTimeout(CONNECT_MS, () => fail("no answer in time"));
    socket.once("error", (thrown) => fail(systemCodeOf(thrown) ?? messageOf(thrown), thrown));
    socket.once("secureConnect", () => {
      const chain = shownBy(socket);
      give(() => resolve(chain));
    });
  });
}

/** The CA of this fingerprint, as the coordinator shows it. @throws OzoneError when it shows none such */
async function fetchCa(address: string, fingerprint: string): Promise<string> {
  const found = (await handshake(address)).find((one) => one.ca && fingerprintOf(one) === fingerprint);
  if (found) return found.toString();
  throw new OzoneError(
    "invalid_input",
    `The coordinator at ${address} shows no CA with the fingerprint ${fingerprint}: it is another one, or somebody stands between; compare with \`ozone certificate show\` on its machine. No token was sent.`,
  );
}

async function caOfFingerprint(address: string, dataDir: string, typed: string): Promise<string> {
  const fingerprint = parseFingerprint(typed);
  if (fingerprint === null)
    throw new OzoneError(
      "invalid_input",
      "The fingerprint of a CA looks like sha256: and 64 digits; `ozone enroll token create` shows it.",
    );
  const kept = await keptCa(dataDir);
  if (kept !== null && fingerprintOfKept(kept) === fingerprint) return kept;
  const ca = await fetchCa(address, fingerprint);
  await writeDurably(keptFile(dataDir), Buffer.from(ca));
  return ca;
}

async function caOfFile(dataDir: string, path: string): Promise<string> {
  const ca = await readFile(path, "utf8").catch((thrown: unknown) => {
    throw new OzoneError("invalid_input", `The CA can't be read: ${messageOf(thrown)}.`);
  });
  if (fingerprintOfKept(ca) === null)
    throw new OzoneError(
      "invalid_input",
      `${path} holds no certificate (PEM); it should be the coordinator's ca.pem.`,
    );
  await writeDurably(keptFile(dataDir), Buffer.from(ca));
  return ca;
}

/**
 * What to trust for a coordinator. What was said once is kept in the agent's folder.
 * @returns null: it is on this machine and is asked without TLS
 * @throws OzoneError with one sentence
 */
export async function trustFor(address: string, dataDir: string, source: TrustSource): Promise<Trust | null> {
  if (source.caFile !== null) return { ca: await caOfFile(dataDir, source.caFile) };
  if (source.fingerprint !== null) return { ca: await caOfFingerprint(address, dataDir, source.fingerprint) };
  return isLoopback(address) ? null : { ca: await keptCa(dataDir) };
}
