// What a certificate says, read by Node's own parser, and whether it is time for a new one. Pure.
import { X509Certificate } from "node:crypto";
import type { CertificateWords } from "@ozone/shared/certificate-report";
import { canonical } from "./names.ts";

const DAY_MS = 86_400_000;
/** A certificate is replaced when it has less than this left, so that a coordinator that is rarely started has time. */
export const RENEW_WITHIN_DAYS = 30;

const namesOf = (certificate: X509Certificate): string[] =>
  [...(certificate.subjectAltName ?? "").matchAll(/(?:DNS|IP Address):([^\s,]+)/g)].map(([, name = ""]) =>
    canonical(name),
  );

/** What it says. @throws Error when the text is no certificate. */
export function describeCertificate(pem: string): CertificateWords {
  const certificate = new X509Certificate(pem);
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    names: namesOf(certificate),
    validFrom: new Date(certificate.validFrom).toISOString(),
    validUntil: new Date(certificate.validTo).toISOString(),
    fingerprint: certificate.fingerprint256,
  };
}

/** Why a server certificate has to be replaced now; null when it is good. */
export function renewalReason(
  pem: string,
  { ca, names, now }: { ca: string; names: readonly string[]; now: Date },
): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return "it can't be read";
  }
  if (!certificate.verify(new X509Certificate(ca).publicKey)) return "another CA signed it";
  const leftMs = new Date(certificate.validTo).getTime() - now.getTime();
  if (leftMs <= 0) return "it has expired";
  if (leftMs < RENEW_WITHIN_DAYS * DAY_MS) return `it holds for ${Math.floor(leftMs / DAY_MS)} days only`;
  const has = new Set(namesOf(certificate));
  const missing = names.filter((name) => !has.has(name));
  return missing.length > 0 ? `it lacks ${missing.join(", ")}` : null;
}
