// Who is turned away before Postgres is asked anything: addresses that call too often without a role token that has let them in.
import { createHash } from "node:crypto";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { OzoneError } from "@ozone/shared/errors";
import { createAddressLimit, ENROL_COST } from "./address-limit.ts";
import { accessOf } from "./method-roles.ts";
import { idOfToken } from "./role-token.ts";

const ENROLMENT_PATH = `/${EnrolmentService.typeName}/`;
/** There are not so many tokens; more of them would only have to show themselves again. */
const KNOWN_MAX = 10_000;

/** What a call of a machine without a role token takes from its address's allowance. */
const costOf = (path: string): number =>
  path === `${ENROLMENT_PATH}${EnrolmentService.method.enroll.name}` ? ENROL_COST : 1;

/** Counts calls by the address that they come from. */
export interface DoorLimits {
  /**
   * @param source the address, as `sourceOf` has it
   * @param shown the role token; null: none
   * @throws OzoneError resource_exhausted
   */
  requireAllowance(call: { path: string; source: string; shown: string | null }): void;
  /** It let its caller in: its calls are counted no longer. */
  admitted(shown: string | null): void;
  /** It is not valid, or no longer. */
  refused(shown: string | null): void;
}

/** Not the token itself: what lies in memory for long is no secret. Null: no form of a token of ours. */
const digestOf = (shown: string | null): string | null =>
  shown === null || idOfToken(shown) === null ? null : createHash("sha256").update(shown).digest("base64");

function tooMany(what: string, source: string): OzoneError {
  return new OzoneError(
    "resource_exhausted",
    `Too many ${what} come from ${source}; wait a few seconds and try again.`,
  );
}

/** @param now monotonic, in milliseconds */
export function createDoorLimits(now?: () => number): DoorLimits {
  const enrolments = createAddressLimit(now);
  // Apart: machines that enrol and callers that mistype don't take each other's allowance.
  const strangers = createAddressLimit(now);
  const known = new Set<string>();
  return {
    requireAllowance({ path, source, shown }) {
      if (path.startsWith(ENROLMENT_PATH)) {
        if (!enrolments(source, costOf(path))) throw tooMany("enrolment calls", source);
        return;
      }
      // Health: asked by whoever balances load, and answered without Postgres.
      if (accessOf(path) === "open") return;
      const digest = digestOf(shown);
      if (digest !== null && known.has(digest)) return;
      if (!strangers(source, 1)) throw tooMany("calls without a valid role token", source);
    },
    admitted(shown) {
      const digest = digestOf(shown);
      if (digest === null) return;
      if (known.size >= KNOWN_MAX) known.clear();
      known.add(digest);
    },
    refused(shown) {
      const digest = digestOf(shown);
      if (digest !== null) known.delete(digest);
    },
  };
}
