// The coordinator's pages for whoever watches: /healthz, /readyz, /metrics.
import { type PageServer, servePages } from "@ozone/shared/observing";
import { addGauges, type Watched } from "./gauges.ts";
import type { Meters } from "./meters.ts";
import { lookAtParts } from "./readiness.ts";

/**
 * Starts serving them.
 * @throws OzoneError unavailable with one sentence when the address can't be had
 */
export const serveObserving = (
  address: string,
  watched: Watched,
  { registry }: Meters,
): Promise<PageServer> =>
  servePages(address, "OZONE_HTTP_ADDRESS", {
    lookAtParts: () => lookAtParts(watched),
    lookAtGauges: addGauges(registry, watched),
    registry,
  });
