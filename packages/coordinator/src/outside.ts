// The server that listens beyond loopback: TLS, and a role token on every call. The local one, beside it, stays as it is.
import { hostname } from "node:os";
import { messageOf } from "@ozone/shared/errors";
import { fingerprintText } from "@ozone/shared/fingerprint";
import { hostOf } from "@ozone/shared/host-address";
import type { Logger } from "pino";
import { createGuardedServer, type GrpcServer, listen, stopServer } from "./api/grpc-server.ts";
import { guard } from "./api/guard.ts";
import { RotatingCredentials } from "./api/tls-credentials.ts";
import { describeCertificate } from "./certificates/describe.ts";
import { openServerCertificate, type ServerCertificate } from "./certificates/server-certificate.ts";
import type { CoordinatorConfig } from "./config.ts";
import { enrolHost, type WayIn } from "./fleet/ways-in.ts";
import { refusedLines } from "./refused-lines.ts";
import type { Store } from "./store/open-store.ts";

/** The certificate of callers from outside, and what machines are told to enrol by it. */
export interface Door {
  readonly certificate: ServerCertificate;
  /** @param address as it is listened on, with its port */
  wayIn(address: string): Promise<WayIn>;
}

/** Has a certificate, before anything listens. */
export async function openDoor(config: CoordinatorConfig, address: string, log: Logger): Promise<Door> {
  const { dataDir, broughtCertificate: brought } = config;
  const listensOn = hostOf(address);
  const certificate = await openServerCertificate({ dataDir, brought, listensOn }, (line) => log.info(line));
  return {
    certificate,
    async wayIn(bound) {
      const ca = await certificate.readCa();
      const { names } = describeCertificate((await certificate.read()).certificate.toString("utf8"));
      return {
        enrolAddress: `${enrolHost(listensOn, names, hostname())}:${bound.slice(bound.lastIndexOf(":") + 1)}`,
        caFingerprint: ca === null ? "" : fingerprintText(describeCertificate(ca).fingerprint),
      };
    },
  };
}

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
  const read = async () => ({ ...(await certificate.read()), ca: await certificate.readCa() });
  const credentials = new RotatingCredentials(await read());
  const server = createGuardedServer(guard(store, refusedLines(log)));
  options.addServices(server);
  const address = await listen(server, options.address, credentials);
  const unfollow = certificate.follow(() => {
    read().then(
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
