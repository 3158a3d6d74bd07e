// Stands before every method of the server that listens beyond loopback: no role token, no call, and the message is not
// even read. Long streams are asked again, so that a revoked token ends them.
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { OzoneError } from "@ozone/shared/errors";
import type { Store } from "../store/open-store.ts";
import { findRoleToken } from "../store/role-tokens.ts";
import { type Caller, noteCaller, tokenHolder, UNNAMED_CALLER } from "./caller.ts";
import { createEnrolmentLimit, ENROL_COST, sourceOf } from "./enrolment-limit.ts";
import { toStatus } from "./error-mapping.ts";
import { accessOf } from "./method-roles.ts";
import { admit, idOfToken } from "./role-token.ts";

/** A revoked or expired token ends a running stream within this. */
const ASK_AGAIN_MS = 30_000;
/** No single answer of ours takes as long; a caller who sets no deadline gets this one. */
const ANSWER_MS_MAX = 60_000;

const BEARER = /^Bearer (\S+)$/i;

function shownToken(metadata: Metadata): string | null {
  const [value] = metadata.get("authorization");
  return BEARER.exec(String(value ?? ""))?.[1] ?? null;
}

const ENROLMENT_PATH = `/${EnrolmentService.typeName}/`;

/** What a call without a role token takes from its address's allowance. */
const costOf = (path: string): number =>
  path === `${ENROLMENT_PATH}${EnrolmentService.method.enroll.name}` ? ENROL_COST : 1;

/** @returns who calls. @throws OzoneError when the call is refused. */
async function authorise(store: Store, path: string, shown: string | null): Promise<Caller> {
  const needed = accessOf(path);
  const methodName = path.slice(path.lastIndexOf("/") + 1);
  if (needed === "open") return UNNAMED_CALLER;
  if (needed === null) {
    throw new OzoneError(
      "permission_denied",
      `${methodName} has no role yet and is therefore open to nobody; report this as a defect.`,
    );
  }
  const id = shown === null ? null : idOfToken(shown);
  const row = id === null ? null : await findRoleToken(store.db, id);
  return tokenHolder(admit({ shown, row, needed, methodName }));
}

/** Turns away who calls too often what is open to everybody. */
function openDoor() {
  const allows = createEnrolmentLimit();
  return (path: string, peer: string): void => {
    if (!path.startsWith(ENROLMENT_PATH)) return;
    const source = sourceOf(peer);
    if (allows(source, costOf(path))) return;
    throw new OzoneError(
      "resource_exhausted",
      `Too many enrolment calls come from ${source}; wait a few seconds and try again.`,
    );
  };
}

/** The interceptor. `refused` is told of each call that is turned away, without the token. */
export const guard = (store: Store, refused: (path: string, why: string) => void): ServerInterceptor => {
  const requireAllowance = openDoor();
  return ({ path, responseStream }, call) => {
    let timer: NodeJS.Timeout | undefined;
    const turnAway = (thrown: unknown) => {
      clearInterval(timer);
      const { code, details } = toStatus(thrown);
      refused(path, details);
      call.sendStatus({ code, details });
    };
    const keepAsking = (shown: string | null) => {
      timer = responseStream
        ? setInterval(() => void authorise(store, path, shown).catch(turnAway), ASK_AGAIN_MS)
        : setTimeout(
            () => turnAway(new OzoneError("deadline_exceeded", `${path} took too long; try again.`)),
            ANSWER_MS_MAX,
          );
      timer.unref();
    };
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, forward) => {
            const shown = shownToken(metadata);
            metadata.remove("authorization");
            try {
              requireAllowance(path, call.getPeer());
            } catch (thrown) {
              return turnAway(thrown);
            }
            authorise(store, path, shown).then((caller) => {
              noteCaller(metadata, caller);
              keepAsking(shown);
              forward(metadata);
            }, turnAway);
          },
          onCancel: () => clearInterval(timer),
        }),
      sendStatus: (status, next) => {
        clearInterval(timer);
        next(status);
      },
    });
  };
};
