// By which addresses machines come: where they enrol, and where they find the bus. What a machine is told depends on how
// it reached us, because only it knows by which name this host is reached from where it is. Pure.
import { OzoneError } from "@ozone/shared/errors";
import { hostOf, isLoopback } from "@ozone/shared/host-address";

/** Where machines enrol. */
export interface WayIn {
  /** host:port. */
  readonly enrolAddress: string;
  /** "sha256:" and 64 digits; empty: machines need no CA of ours. */
  readonly caFingerprint: string;
}

/** What is known of the bus. */
export interface BusFacts {
  /** As this host reaches it, without any password. */
  readonly url: string;
  /** Null: an external one, which is reached by its own address from everywhere. */
  readonly listens: "everywhere" | "on loopback" | null;
  /** host:port that its owner gave for other machines; null: none. */
  readonly advertised: string | null;
}

/** How a machine reached us. */
export interface Arrival {
  readonly isOutside: boolean;
  /** host:port, as the machine says; it can only mislead itself. */
  readonly authority: string;
}

const AUTHORITY = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;

const withPort = (authority: string): string =>
  /:\d{1,5}$/.test(authority) ? authority : `${authority}:443`;

const portOf = (url: string): string => url.slice(url.lastIndexOf(":") + 1);

const bracketed = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/**
 * The address of the bus for a machine.
 * @throws OzoneError invalid_input where it can't be reached from there
 */
export function busUrlFor(bus: BusFacts, { isOutside, authority }: Arrival): string {
  if (!isOutside || bus.listens === null) return bus.url;
  if (bus.advertised !== null) return `tls://${bus.advertised}`;
  const host = AUTHORITY.test(authority) ? hostOf(withPort(authority)) : "";
  const isHere = host !== "" && isLoopback(`${host}:0`);
  // One on loopback without TLS stays for agents that enrol without TLS.
  if (bus.url.startsWith("tls://") && host !== "" && (bus.listens === "everywhere" || isHere))
    return `tls://${bracketed(host)}:${portOf(bus.url)}`;
  throw new OzoneError(
    "invalid_input",
    "The bus of this coordinator listens on its own machine only, so this machine could not work for it: its administrator has to set OZONE_NATS_LISTEN=0.0.0.0:4222 there; the token is not used up.",
  );
}

/** The host that machines should name: the first name of the certificate that means this host elsewhere too. */
export function enrolHost(listensOn: string, certificateNames: readonly string[], hostname: string): string {
  const isWildcard = listensOn === "0.0.0.0" || listensOn === "::";
  if (!isWildcard) return bracketed(listensOn);
  const named = certificateNames.find((name) => !name.startsWith("*") && !isLoopback(`${name}:0`));
  return bracketed(named ?? hostname);
}
