// Who may use the bus, as nats-server reads it: the coordinator by password, each admitted agent by its key with permissions of
// its own. Pure.
import { agentPermissions, isPublicKey } from "@ozone/shared/bus";

/** An agent that is let in. */
export interface AgentUser {
  readonly machineId: string;
  readonly publicKey: string;
}

// Quoted strings of this format take the same escapes as JSON's for all that can stand here.
const text = (value: string): string => JSON.stringify(value);
const list = (values: readonly string[]): string => `[${values.map(text).join(", ")}]`;

function agentLine({ machineId, publicKey }: AgentUser): string {
  if (!isPublicKey(publicKey)) throw new RangeError(`the key of ${machineId} is no public key`);
  const { publish, subscribe } = agentPermissions(machineId);
  const permissions = `publish: { allow: ${list(publish)} }, subscribe: { allow: ${list(subscribe)} }`;
  return `    { nkey: ${text(publicKey)}, permissions: { ${permissions} } }`;
}

/**
 * The authorization block.
 * @throws RangeError for a key or an id that could be read as something else; the store holds none
 */
export function usersBlock(
  coordinator: { readonly user: string; readonly password: string },
  agents: readonly AgentUser[],
): string[] {
  return [
    "authorization {",
    "  users: [",
    "    {",
    `      user: ${text(coordinator.user)}`,
    `      password: ${text(coordinator.password)}`,
    "    }",
    ...agents.map(agentLine),
    "  ]",
    "}",
  ];
}
