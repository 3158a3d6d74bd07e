// Whether the coordinator can do its work now, and if not, which part is away.
import { type Bus, pingBus } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { soon } from "@ozone/shared/observing";
import type { Store } from "../store/open-store.ts";

/** Each part: "ok", or what is wrong with it. */
export interface Readiness {
  readonly ready: boolean;
  readonly postgres: string;
  readonly schema: string;
  readonly bus: string;
  /** Of several coordinators one leads; those that follow are as ready. */
  readonly leads: boolean;
}

/** What is looked at. */
export interface Looked {
  readonly store: Store;
  readonly bus: Bus;
  readonly leads: () => boolean;
}

const OK = "ok";
/** A failed query names the query; what is wrong is in its cause. */
const reasonOf = (thrown: unknown): string =>
  messageOf(thrown instanceof Error && thrown.cause ? thrown.cause : thrown);

/** Whether the bus answers, within seconds; never rejects. */
export const busAnswers = (bus: Bus): Promise<boolean> =>
  soon(pingBus(bus)).then(
    () => true,
    () => false,
  );

/** Looks at all parts; never rejects, and answers within seconds. */
export async function lookAtParts({ store, bus, leads }: Looked): Promise<Readiness> {
  const postgres = await soon(store.ping()).then(() => OK, reasonOf);
  const current =
    postgres === OK
      ? await soon(store.isCurrent()).then((is) => (is ? OK : "older than this coordinator"), reasonOf)
      : "unknown";
  const connected = await soon(pingBus(bus)).then(() => OK, reasonOf);
  const ready = postgres === OK && current === OK && connected === OK;
  return { ready, postgres, schema: current, bus: connected, leads: leads() };
}
