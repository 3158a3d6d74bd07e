// What no log may hold. Every program that a scenario starts is held against this when it ends, so that each scenario looks for it.

/** What our secrets look like, by what they are. */
const FORMS: Readonly<Record<string, RegExp>> = {
  "a role token": /ozr_[0-9a-f]{10}_[A-Za-z0-9_-]{43}/,
  "an enrolment token": /ozone-enrol-[A-Za-z0-9_-]{43}/,
  "the secret of a webhook": /whsec_[A-Za-z0-9+/=]{20,}/,
  "the seed of a key": /\bS[UAO][A-Z2-7]{56}\b/,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY/,
  "a password in an address": /[a-z]+:\/\/[^/\s:@"]*:[^@\s/"]+@/,
  "a password that Ozone made": /(?<![0-9a-f])[0-9a-f]{48}(?![0-9a-f])/,
};

/** What a text holds that it must not: what it is, and the line without it. */
export function secretsIn(text: string): string[] {
  return text.split("\n").flatMap((line) =>
    Object.entries(FORMS)
      .filter(([, form]) => form.test(line))
      .map(([what, form]) => `${what}: ${line.replace(form, "(it)").slice(0, 300)}`),
  );
}
