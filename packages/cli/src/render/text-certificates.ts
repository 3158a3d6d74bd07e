// Certificates and role tokens as text for a terminal.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { RoleToken } from "@ozone/proto/token_service";
import type { CertificateReport } from "@ozone/shared/certificate-report";
import { cleanText } from "./clean-text.ts";
import { textPairs, textTable } from "./text-table.ts";

const day = (iso: string): string => iso.slice(0, 10);

/** What a person needs to know of the coordinator's certificates. */
export function certificateText(report: CertificateReport): string {
  const { ca, caFile, server, certificateFile, madeCa, replacedBecause } = report;
  const done = madeCa
    ? "Made a CA and a certificate of the coordinator.\n"
    : replacedBecause === null
      ? ""
      : `Replaced the certificate of the coordinator: ${cleanText(replacedBecause)}. Clients need nothing new.\n`;
  return (
    done +
    textPairs([
      ["for clients", caFile === null ? "nothing: their systems trust the CA" : cleanText(caFile)],
      ...(ca ? ([["CA", `${cleanText(ca.subject)}, until ${day(ca.validUntil)}`]] as const) : []),
      ...(ca ? ([["fingerprint of the CA", cleanText(ca.fingerprint)]] as const) : []),
      ["certificate", `${cleanText(certificateFile)}, until ${day(server.validUntil)}`],
      ["names", server.names.map((name) => cleanText(name)).join(", ")],
    ])
  );
}

const dayOf = (at: Timestamp | undefined): string => (at ? day(timestampDate(at).toISOString()) : "never");

/** A table of role tokens. */
export function tokensText(tokens: readonly RoleToken[]): string {
  if (tokens.length === 0)
    return "There is no role token yet; `ozone token create --role viewer` makes one.\n";
  const headings = ["TOKEN", "NAME", "ROLE", "STATE", "MADE", "EXPIRES"];
  return textTable(
    headings.map((heading) => ({ heading })),
    tokens.map(({ id, name, role, state, createdAt, expiresAt }) => [
      cleanText(id),
      cleanText(name) || "-",
      cleanText(role),
      cleanText(state),
      dayOf(createdAt),
      dayOf(expiresAt),
    ]),
  );
}
