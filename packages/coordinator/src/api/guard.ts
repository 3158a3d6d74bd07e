// Stands before every method of the server that listens beyond loopback: no role token, no call, and the message is not
// even read. Long streams are asked again, so that a revoked token ends them.
import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { OzoneError } from "@ozone/shared/errors";
import type { Store } from "../store/open-store.ts";
import { findRoleToken } from "../store/role-tokens.ts";
import { sourceOf } from "./address-limit.ts";
import { type Caller, noteCaller, tokenHolder, UNNAMED_CALLER } from "./caller.ts";
import { createDoorLimits } from "./door-limits.ts";
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

/** A call that was turned away. */
export interface RefusedCall {
  readonly path: string;
  /** The address that it came from. */
  readonly source: string;
  /** In words, without the token. */
  readonly why: string;
}

/** The interceptor. `refused` is told of each call that is turned away. */
export const guard = (store: Store, refused: (call: RefusedCall) => void): ServerInterceptor => {
  const limits = createDoorLimits();
  const askWhoCalls = async (path: string, shown: string | null): Promise<Caller> => {
    try {
      const caller = await authorise(store, path, shown);
      // What is open asks for no token, so that the one that was shown is only a claim.
      if (caller !== UNNAMED_CALLER) limits.admitted(shown);
      return caller;
    } catch (thrown) {
      if (OzoneError.from(thrown).code === "unauthenticated") limits.refused(shown);
      throw thrown;
    }
  };
  return ({ path, responseStream }, call) => {
    const source = sourceOf(call.getPeer());
    let timer: NodeJS.Timeout | undefined;
    const turnAway = (thrown: unknown) => {
      clearInterval(timer);
      const { code, details } = toStatus(thrown);
      refused({ path, source, why: details });
      call.sendStatus({ code, details });
    };
    const keepAsking = (shown: string | null) => {
      timer = responseStream
        ? setInterval(() => void askWhoCalls(path, shown).catch(turnAway), ASK_AGAIN_MS)
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
              limits.requireAllowance({ path, source, shown });
            } catch (thrown) {
              return turnAway(thrown);
            }
            askWhoCalls(path, shown).then((caller) => {
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
