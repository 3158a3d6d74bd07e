// The coordinator's pages for whoever watches: /healthz, /readyz, /metrics.
import { jsonAnswer, type Page, type PageServer, servePages } from "@ozone/shared/observing";
import { addGauges, type Watched } from "./gauges.ts";
import type { Meters } from "./meters.ts";
import { lookAtParts } from "./readiness.ts";

/**
 * Starts serving them.
 * @throws OzoneError unavailable with one sentence when the address can't be had
 */
export function serveObserving(address: string, watched: Watched, { registry }: Meters): Promise<PageServer> {
  const look = addGauges(registry, watched);
  const alive: Page = async () => jsonAnswer(200, { alive: true });
  const ready: Page = async () => {
    const readiness = await lookAtParts(watched);
    return jsonAnswer(readiness.ready ? 200 : 503, readiness);
  };
  const metrics: Page = async () => {
    await look();
    return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
  };
  const pages = new Map([
    ["/healthz", alive],
    ["/readyz", ready],
    ["/metrics", metrics],
  ]);
  return servePages(address, "OZONE_HTTP_ADDRESS", pages);
}
