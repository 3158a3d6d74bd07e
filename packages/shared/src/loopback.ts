// Whether an address is this machine's own: what is said there can't be heard elsewhere.

/** @param address host:port, an IPv6 host in brackets */
export function isLoopback(address: string): boolean {
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
