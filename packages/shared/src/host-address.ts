// Addresses as they are typed: host:port, an IPv6 host in brackets.

/** The host alone, without the brackets of IPv6. */
export const hostOf = (address: string): string =>
  address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");

/** Whether it is this machine's own: what is said there can't be heard elsewhere. */
export function isLoopback(address: string): boolean {
  const host = hostOf(address);
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
