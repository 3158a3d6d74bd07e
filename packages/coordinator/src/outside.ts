// The server that listens beyond loopback: TLS, and a role token on every call. The local one, beside it, stays as it is.
import { messageOf } from "@ozone/shared/errors";
import type { Logger } from "pino";
import { createGuardedServer, type GrpcServer, listen, stopServer } from "./api/grpc-server.ts";
import { guard } from "./api/guard.ts";
import { RotatingCredentials } from "./api/tls-credentials.ts";
import type { ServerCertificate } from "./certificates/server-certificate.ts";
import type { Store } from "./store/open-store.ts";

/** What it stands on. */
export interface OutsideOptions {
  readonly address: string;
  readonly certificate: ServerCertificate;
  readonly store: Store;
  readonly addServices: (server: GrpcServer) => void;
  readonly log: Logger;
}

/** Listens. A replaced certificate is shown to new connections without a restart. */
export async function serveOutside(
  options: OutsideOptions,
): Promise<{ address: string; stop(): Promise<void> }> {
  const { certificate, store, log } = options;
  const credentials = new RotatingCredentials(await certificate.read());
  const server = createGuardedServer(
    guard(store, (path, why) => log.warn({ call: path }, `refused a call: ${why}`)),
  );
  options.addServices(server);
  const address = await listen(server, options.address, credentials);
  const unfollow = certificate.follow(() => {
    certificate.read().then(
      (shown) => {
        credentials.replace(shown);
        log.info("the gRPC server shows its new certificate");
      },
      (thrown: unknown) => log.warn(`the new certificate is not used: ${messageOf(thrown)}`),
    );
  });
  return {
    address,
    async stop() {
      unfollow();
      await stopServer(server);
    },
  };
}
