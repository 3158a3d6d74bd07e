// What is wrong with the certificate that a coordinator shows, in our words. Pure.

/** What TLS says against a server, as a sentence; null when it says nothing. */
export function certificateTrouble(said: string, address: string): string | null {
  const at = `The certificate of the coordinator at ${address}`;
  if (/does not match certificate's altnames/.test(said)) {
    return `${at} is for other names than this one; use one of its names, or run \`ozone certificate rotate --name NAME\` on its machine.`;
  }
  if (/certificate has expired/.test(said)) {
    return `${at} has expired; run \`ozone certificate rotate\` on its machine.`;
  }
  if (/certificate is not yet valid/.test(said)) {
    return `${at} is not valid yet; check the clock of this machine.`;
  }
  if (
    /self.signed certificate|unable to (verify|get).*certificate|certificate signature failure/i.test(said)
  ) {
    return `${at} is signed by a CA that is not trusted here; name that coordinator's ca.pem in OZONE_CA (\`ozone certificate show\` on its machine says where it is).`;
  }
  if (/wrong version number|packet length too long/i.test(said)) {
    return `The server at ${address} does not speak TLS; check the address, or unset OZONE_CA for a local coordinator.`;
  }
  return null;
}
