// TLS for the gRPC server, with a certificate that can be replaced while it listens.
import { ServerCredentials } from "@grpc/grpc-js";

/** A certificate chain and its key, PEM. */
interface Shown {
  readonly certificate: Buffer;
  readonly key: Buffer;
  /** Shown behind the chain, so that a machine that knows its fingerprint only can take it; null: none. */
  readonly ca: string | null;
}

const context = ({ certificate, key, ca }: Shown) => ({
  cert: [ca === null ? certificate : Buffer.from(`${certificate}\n${ca}`)],
  key: [key],
});

/** New connections see the newest certificate; those that are open go on. */
export class RotatingCredentials extends ServerCredentials {
  constructor(first: Shown) {
    super({ minVersion: "TLSv1.2" }, context(first));
  }

  /** Shows another one from now on. */
  replace(next: Shown): void {
    this.updateSecureContextOptions(context(next));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
