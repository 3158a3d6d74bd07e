// `ozone-coordinator certificate make|show|rotate`: what `ozone certificate` runs on the coordinator's machine. It prints
// one JSON document and never a key.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { CertificateReport, CertificateWords } from "@ozone/shared/certificate-report";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { describeCertificate } from "./describe.ts";
import { certificateFiles, ensureOwnCertificates, type Outcome } from "./own-certificates.ts";
import type { BroughtFiles } from "./server-certificate.ts";

interface Place {
  readonly dataDir: string;
  readonly brought: BroughtFiles | null;
  readonly listensOn: string;
}

const ACTIONS = ["make", "show", "rotate"];

async function describeFile(path: string): Promise<CertificateWords> {
  try {
    return describeCertificate(await readFile(path, "utf8"));
  } catch (thrown) {
    throw new OzoneError(
      "not_found",
      `There is no certificate in ${path} (${messageOf(thrown)}); make one with \`ozone certificate make\`.`,
    );
  }
}

function readWords(words: readonly string[]): { action: string; names: string[] } {
  try {
    const { positionals, values } = parseArgs({
      args: [...words],
      options: { name: { type: "string", multiple: true } },
      allowPositionals: true,
    });
    const [action = ""] = positionals;
    if (positionals.length === 1 && ACTIONS.includes(action)) return { action, names: values.name ?? [] };
  } catch {
    // The sentence below says what is wanted.
  }
  throw new OzoneError(
    "invalid_input",
    "Write `ozone-coordinator certificate make|show|rotate [--name NAME_OR_ADDRESS]`.",
  );
}

/**
 * Does it.
 * @throws OzoneError with one sentence, also when the user brought certificates that are not ours to replace.
 */
export async function certificateCommand(words: readonly string[], place: Place): Promise<CertificateReport> {
  const { dataDir, brought, listensOn } = place;
  const { action, names } = readWords(words);
  const own = certificateFiles(dataDir);
  if (brought !== null && action !== "show") {
    throw new OzoneError(
      "invalid_input",
      `OZONE_TLS_CERT names a certificate of yours (${brought.certificate}); replace it there, and the coordinator takes it up.`,
    );
  }
  const done: Outcome =
    action === "show"
      ? { madeCa: false, replacedBecause: null }
      : await ensureOwnCertificates({ dataDir, listensOn, names, rotate: action === "rotate" });
  const files = brought ?? { certificate: own.server, ca: own.ca };
  return {
    brought: brought !== null,
    caFile: files.ca,
    certificateFile: files.certificate,
    ca: files.ca === null ? null : await describeFile(files.ca),
    server: await describeFile(files.certificate),
    ...done,
  };
}
