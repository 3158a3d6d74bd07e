// Identities, tokens and the audit log, as text for a terminal.
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { Admission } from "@ozone/proto/enrolment_service";
import type {
  Act,
  CreateEnrolmentTokenResponse,
  EnrolmentToken,
  Identity,
} from "@ozone/proto/identity_service";
import { isLoopback } from "@ozone/shared/host-address";
import { cleanText } from "./clean-text.ts";
import { textTable } from "./text-table.ts";

const time = (at: Timestamp | undefined): string =>
  at ? `${timestampDate(at).toISOString().slice(0, 19).replace("T", " ")} UTC` : "-";

const WORDS: Readonly<Record<Admission, string>> = {
  [Admission.UNSPECIFIED]: "unknown",
  [Admission.PENDING]: "waits for approval",
  [Admission.APPROVED]: "approved",
  [Admission.REVOKED]: "revoked",
  [Admission.REMOVED]: "removed",
};

/** One machine and how it stands. */
export const identityText = ({ machineId, name, admission, publicKey }: Identity): string =>
  `${cleanText(machineId)} (${cleanText(name)}): ${WORDS[admission]}, key ${cleanText(publicKey, 80) || "none"}\n`;

/** What became of a machine that is barred. */
export const barredText = (identity: Identity, cut: boolean, enforced: boolean): string => {
  const connection = cut
    ? "Its connection is cut."
    : enforced
      ? "Its connection is not cut yet: a NATS that asks the coordinators ends it within a minute, Ozone's own at the coordinator's next try."
      : "The NATS server is not Ozone's: take its user away there (`ozone-coordinator bus-users`); what it sends does not count any more.";
  return `${identityText(identity)}${connection}\n`;
};

/** What to type on a machine that is to enrol, and whether it can be another one. */
export interface WayInWords {
  readonly command: string;
  readonly isForThisMachineOnly: boolean;
}

/** @param reached the address by which we speak to the coordinator: beyond loopback, others can use it too */
export function wayIn(
  reached: string,
  { enrolAddress, caFingerprint }: CreateEnrolmentTokenResponse,
): WayInWords {
  const address = isLoopback(reached) ? enrolAddress : reached;
  const trust = caFingerprint === "" ? [] : ["--ca-fingerprint", cleanText(caFingerprint, 80)];
  return {
    command: ["ozone-agent", "enroll", "--coordinator", cleanText(address, 300), ...trust].join(" "),
    isForThisMachineOnly: isLoopback(address),
  };
}

/** The command to paste, without the token, which no argument may hold. */
export const wayInText = ({ command, isForThisMachineOnly }: WayInWords): string =>
  isForThisMachineOnly
    ? `On this machine: ${command}\nFor other machines start the coordinator with OZONE_GRPC_ADDRESS and OZONE_NATS_LISTEN (docs/enrolment.md).`
    : `Paste this on the machine, and a token when it asks:\n  ${command}`;

/** Those that wait for a word of an administrator. */
export function waitingText(identities: readonly Identity[]): string {
  const waiting = identities.filter(({ admission }) => admission === Admission.PENDING);
  const lines = waiting.map(
    (identity) =>
      `${identityText(identity).trimEnd()}; \`ozone machine approve ${cleanText(identity.machineId)}\`\n`,
  );
  const all = waiting.length > 1 ? ["All of them: `ozone machine approve --waiting`\n"] : [];
  return [...lines, ...all].join("");
}

/** A table of tokens. */
export function tokensText(tokens: readonly EnrolmentToken[]): string {
  if (tokens.length === 0) return "No token has been made; `ozone enroll token create` makes one.\n";
  const headings = ["TOKEN", "STATE", "EXPIRES", "FOR", "APPROVED", "USED BY"];
  return textTable(
    headings.map((heading) => ({ heading })),
    tokens.map((token) => [
      token.id,
      token.state,
      time(token.expiresAt),
      token.machineId || "any new machine",
      token.approved ? "beforehand" : "by a person",
      token.usedBy || "-",
    ]),
  );
}

/** The audit log, newest first. */
export function actsText(acts: readonly Act[]): string {
  if (acts.length === 0) return "Nothing has been noted yet.\n";
  const headings = ["WHEN", "WHO", "WHAT", "ABOUT", "DETAIL"];
  return textTable(
    headings.map((heading) => ({ heading })),
    acts.map(({ at, who, what, about, detail }) => [
      time(at),
      cleanText(who, 60),
      cleanText(what, 40),
      cleanText(about, 80),
      cleanText(detail, 160),
    ]),
  );
}
