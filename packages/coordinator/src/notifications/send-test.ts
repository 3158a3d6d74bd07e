// A notification that tells nothing, sent now and once, to see what the receiver says. It is not kept.
import { OzoneError } from "@ozone/shared/errors";
import { postgresSeconds } from "../store/notifications.ts";
import type { Store } from "../store/open-store.ts";
import { makeNotification } from "./bodies.ts";
import type { Endpoint } from "./endpoint.ts";
import { type PostAnswer, post } from "./post.ts";

/** Sends it. @throws OzoneError unavailable when no webhook is set */
export async function sendTest(
  store: Store,
  endpoint: Endpoint | null,
  signal: AbortSignal,
): Promise<PostAnswer & { readonly id: string; readonly shown: string }> {
  if (endpoint === null)
    throw new OzoneError(
      "unavailable",
      "This coordinator has no webhook; start it with OZONE_WEBHOOK_URL and OZONE_WEBHOOK_SECRET (docs/notifications.md).",
    );
  const nowS = await postgresSeconds(store.db);
  const { id, body } = makeNotification("notification.test", new Date(nowS * 1_000), { name: "test" });
  return { ...(await post(endpoint, { id, nowS, body }, { signal })), id, shown: endpoint.shown };
}
