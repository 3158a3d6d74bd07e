// How often one address may call without having shown who it is: tokens can't be guessed at this rate, and a flood is turned
// away before its messages are read. Pure but for the clock that is passed in.
import { isIPv6 } from "node:net";
import { createAllowances } from "@ozone/shared/allowances";

/** A call costs one; to use a token up costs as much as this. */
export const ENROL_COST = 10;
/** Twenty machines behind one address may enrol at once. */
const SAVED_MAX = 200;
/** And may ask how their enrolments stand. */
const PER_SECOND = 20;

/** The address of "192.0.2.7:50000" or "2001:db8::1:50000"; of IPv6 its network, since a host has 2^64 addresses there. */
export function sourceOf(peer: string): string {
  const address = peer.slice(0, peer.lastIndexOf(":"));
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const front = head.split(":").filter(Boolean);
  const back = (tail ?? "").split(":").filter(Boolean);
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill("0");
  return [...front, ...zeros, ...back].slice(0, 4).join(":");
}

/** @param now monotonic, in milliseconds. @returns takes a cost from the allowance of a source, or says that it is spent */
export const createAddressLimit = (now: () => number = () => performance.now()) =>
  createAllowances({ savedMax: SAVED_MAX, perSecond: PER_SECOND, now });
