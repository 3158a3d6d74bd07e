// Who calls, for the audit log, and by which door. Noted by the guard beside a call's metadata, where no caller can write.
import type { Metadata } from "@grpc/grpc-js";

/** What is known of a caller. */
export interface Caller {
  /** It came by the door beyond loopback. */
  readonly isOutside: boolean;
  /** In words, for the audit log. */
  readonly who: string;
}

/** On loopback nobody proves who they are. */
export const LOCAL_CALLER: Caller = { isOutside: false, who: "a user of the coordinator's machine" };

/** Without a role token, where none is asked for. */
export const UNNAMED_CALLER: Caller = { isOutside: true, who: "a caller without a role token" };

/** Who showed this role token. */
export const tokenHolder = ({ id, name }: { readonly id: string; readonly name: string }): Caller => ({
  isOutside: true,
  who: name === "" ? `role token ${id}` : `${name} (role token ${id})`,
});

const callers = new WeakMap<Metadata, Caller>();

/** Notes who makes the call of this metadata. */
export function noteCaller(metadata: Metadata, caller: Caller): void {
  callers.set(metadata, caller);
}

/** Who makes the call; one that no guard looked at came by loopback. */
export const callerOf = (metadata: Metadata): Caller => callers.get(metadata) ?? LOCAL_CALLER;
