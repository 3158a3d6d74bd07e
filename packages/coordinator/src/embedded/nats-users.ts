// Who may use the bus, as nats-server reads it: the coordinator by password, each admitted agent by its key with permissions of
// its own. Pure.
import { agentPermissions, isPublicKey } from "@ozone/shared/bus";

/** An agent that is let in. */
export interface AgentUser {
  readonly machineId: string;
  readonly publicKey: string;
}

/** As whom the coordinator comes. */
export interface CoordinatorUser {
  readonly user: string;
  readonly password: string;
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

const coordinatorLines = ({ user, password }: CoordinatorUser): string[] => [
  "    {",
  `      user: ${text(user)}`,
  `      password: ${text(password)}`,
  "    }",
];

/**
 * The authorization block.
 * @throws RangeError for a key or an id that could be read as something else; the store holds none
 */
export function usersBlock(coordinator: CoordinatorUser, agents: readonly AgentUser[]): string[] {
  return [
    "authorization {",
    "  users: [",
    ...coordinatorLines(coordinator),
    ...agents.map(agentLine),
    "  ]",
    "}",
  ];
}

/** So long the server waits for an answer: less than a client waits for the server (connect.ts). */
const CALLOUT_WAIT_S = 3;

/**
 * The authorization block of a server that asks the coordinators about everybody else. That one user has a key is what makes
 * such a server send each client a nonce to sign.
 */
export function calloutBlock(
  coordinator: CoordinatorUser,
  { issuer, user }: { readonly issuer: string; readonly user: string },
): string[] {
  const permissions = `subscribe: { allow: ${list(["$SYS.REQ.USER.AUTH"])} }, allow_responses: true`;
  return [
    "authorization {",
    `  timeout: ${CALLOUT_WAIT_S}`,
    "  users: [",
    ...coordinatorLines(coordinator),
    `    { nkey: ${text(user)}, permissions: { ${permissions} } }`,
    "  ]",
    "  auth_callout {",
    `    issuer: ${text(issuer)}`,
    `    auth_users: ${list([coordinator.user, user])}`,
    "  }",
    "}",
  ];
}
