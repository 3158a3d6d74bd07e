// Answers the auth callout of an external NATS with what Postgres says of machines: each approved one is let in with its own
// subjects, for less than a minute at a time.
import { type Bus, connectBus, serveCallout, withoutCredentials } from "@ozone/shared/bus";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { approvedHolderOf } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { type CalloutSettings, readCalloutKeys } from "./callout-keys.ts";

/** Where the bus is. */
export interface CalloutBus {
  readonly url: string;
  readonly ca: string | null;
}

/**
 * Comes as the user of the callout, which may do nothing but answer.
 * @throws OzoneError with one sentence, when the keys or the server are not to be had
 */
export async function connectCallout({ keysPath }: CalloutSettings, { url, ca }: CalloutBus) {
  const { issuer, user } = await readCalloutKeys(keysPath);
  const at = withoutCredentials(url);
  const bus: Bus = await connectBus({ url: at, ca, name: "ozone-coordinator callout", key: user }).catch(
    (thrown: unknown) => {
      if (!/authoriz|authentic/i.test(messageOf(thrown))) throw thrown;
      throw new OzoneError(
        "unavailable",
        `The NATS at ${at} does not let the user of its auth callout in: give it what \`ozone-coordinator bus-users\` writes for OZONE_NATS_CALLOUT_KEYS, and start it again (a reload does not take a callout up).`,
        { cause: thrown },
      );
    },
  );
  return { bus, issuer };
}

/**
 * Serves it until it is ended.
 * @throws OzoneError with one sentence
 * @returns ends it
 */
export async function startCallout(
  store: Store,
  { settings, bus: at }: { readonly settings: CalloutSettings; readonly bus: CalloutBus },
  onError: (name: string, thrown: unknown) => void,
): Promise<() => Promise<void>> {
  const { bus, issuer } = await connectCallout(settings, at);
  const stop = serveCallout(bus, {
    ...{ issuer, lifeMs: settings.lifeMs },
    machineOf: (publicKey) => approvedHolderOf(store.db, publicKey),
    onError: (thrown) => onError("callout", thrown),
  });
  return async () => {
    stop();
    await bus.close();
  };
}
