// Serves the auth callout of a nats-server: decides about each connection that its own configuration does not know.
import type { Msg } from "nats";
import type { Signer } from "../ed25519.ts";
import { admittance, readCalloutRequest, refusal } from "./callout-answers.ts";
import type { Bus } from "./connect.ts";

const SUBJECT = "$SYS.REQ.USER.AUTH";
/** Several coordinators share the work: each request reaches one of them. */
const QUEUE = "ozone-callout";
/** More at once are not answered; their clients come again, each a little later than the last time. */
const AT_ONCE_MAX = 64;
/** They do not all come again in the same second. */
const SPREAD = 0.25;

/** Who decides. */
export interface Callout {
  /** Of the account that the server's `issuer` names. */
  readonly issuer: Signer;
  /** A connection ends after at most so long, and is asked about anew. */
  readonly lifeMs: number;
  /** The approved machine that holds a key whose possession was proven; null: there is none. */
  readonly machineOf: (publicKey: string) => Promise<string | null>;
  readonly onError: (thrown: unknown) => void;
}

async function decide(token: string, callout: Callout): Promise<string | null> {
  const { issuer, lifeMs, machineOf, onError } = callout;
  const request = readCalloutRequest(token);
  if (request === null) {
    onError(new Error("A request of the auth callout was not one of a nats-server; is `xkey` set there?"));
    return null;
  }
  if (request.provenKey === null) return refusal(issuer, request, "no key of a machine was proven");
  try {
    const machineId = await machineOf(request.provenKey);
    if (machineId === null) return refusal(issuer, request, `no approved machine has ${request.provenKey}`);
    return admittance(issuer, request, { machineId, lifeMs: lifeMs * (1 - SPREAD * Math.random()) });
  } catch (thrown) {
    onError(thrown);
    return refusal(issuer, request, "it could not be looked up");
  }
}

/** Answers until it is ended. @returns ends it */
export function serveCallout({ connection }: Bus, callout: Callout): () => void {
  let underWay = 0;
  async function answer(message: Msg): Promise<void> {
    if (underWay >= AT_ONCE_MAX) return;
    underWay += 1;
    try {
      const token = await decide(message.string(), callout);
      if (token !== null) message.respond(new TextEncoder().encode(token));
    } catch (thrown) {
      callout.onError(thrown);
    } finally {
      underWay -= 1;
    }
  }
  const subscription = connection.subscribe(SUBJECT, {
    queue: QUEUE,
    callback: (error, message) => void (error ? callout.onError(error) : answer(message)),
  });
  return () => subscription.unsubscribe();
}
