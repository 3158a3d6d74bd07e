// IdentityService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ApproveMachineResponseSchema,
  CreateEnrolmentTokenResponseSchema,
  type EnrolmentToken,
  EnrolmentTokenSchema,
  type Identity,
  IdentitySchema,
  type IdentityService,
  ListActsResponseSchema,
  ListEnrolmentTokensResponseSchema,
  ListIdentitiesResponseSchema,
  RemoveMachineResponseSchema,
  RevokeMachineResponseSchema,
  WithdrawEnrolmentTokenResponseSchema,
} from "@ozone/proto/identity_service";
import { approveMachine, removeMachine, revokeMachine } from "../fleet/admit-machine.ts";
import { closeToken, createToken } from "../fleet/enrolment-tokens.ts";
import type { WayIn } from "../fleet/ways-in.ts";
import { newestActs } from "../store/acts.ts";
import { listTokens, type TokenRow } from "../store/enrolment-tokens.ts";
import { type IdentityRow, listIdentities } from "../store/machine-identities.ts";
import type { Store } from "../store/open-store.ts";
import { toAdmission } from "./enrolment.ts";
import type { CallContext, Handlers } from "./grpc-server.ts";

/** What deciding needs. */
export interface IdentityPorts {
  readonly store: Store;
  /** Whether the bus knows machines by their keys. */
  readonly enforced: boolean;
  /** Has the bus let in whoever the store says. @returns whether it confirmed */
  readonly admit: () => Promise<boolean>;
  /** Takes what waits for a machine off the bus. */
  readonly dropWork: (machineId: string) => Promise<void>;
  /** Where machines enrol, as it is now. */
  readonly wayIn: () => Promise<WayIn>;
}

const TOKENS_MAX = 200;
const ACTS_DEFAULT = 100;
const ACTS_MAX = 10_000;

const tokenMessage = (row: TokenRow): EnrolmentToken =>
  create(EnrolmentTokenSchema, {
    id: row.id,
    createdAt: timestampFromDate(row.createdAt),
    expiresAt: timestampFromDate(row.expiresAt),
    approved: row.approved,
    machineId: row.machineId ?? "",
    state: row.state,
    usedBy: row.usedBy ?? "",
  });

const identityMessage = (row: IdentityRow): Identity =>
  create(IdentitySchema, {
    machineId: row.machineId,
    name: row.name,
    publicKey: row.publicKey ?? "",
    admission: toAdmission(row.state),
    enrolledAt: timestampFromDate(row.enrolledAt),
    ...(row.decidedAt ? { decidedAt: timestampFromDate(row.decidedAt) } : {}),
  });

function tokenHandlers(store: Store, wayIn: () => Promise<WayIn>) {
  return {
    createEnrolmentToken: async (
      request: { validMs: bigint; approved: boolean; machineId: string },
      { caller }: CallContext,
    ) => {
      const validMs = Number(request.validMs);
      const { token, secret } = await createToken(store, { ...request, validMs }, caller.who);
      return create(CreateEnrolmentTokenResponseSchema, {
        token: tokenMessage(token),
        secret,
        ...(await wayIn()),
      });
    },
    listEnrolmentTokens: async () =>
      create(ListEnrolmentTokensResponseSchema, {
        tokens: (await listTokens(store.db, TOKENS_MAX)).map(tokenMessage),
      }),
    withdrawEnrolmentToken: async ({ id }: { id: string }, { caller }: CallContext) =>
      create(WithdrawEnrolmentTokenResponseSchema, {
        token: tokenMessage(await closeToken(store, id, caller.who)),
      }),
  };
}

/** Handlers of the identity service. */
export const identityHandlers = ({
  store,
  enforced,
  admit,
  dropWork,
  wayIn,
}: IdentityPorts): Handlers<typeof IdentityService> => {
  const barred = async (row: IdentityRow) => {
    const cut = await admit();
    await dropWork(row.machineId);
    return { identity: identityMessage(row), cut };
  };
  return {
    ...tokenHandlers(store, wayIn),
    listIdentities: async () =>
      create(ListIdentitiesResponseSchema, {
        identities: (await listIdentities(store.db)).map(identityMessage),
        enforced,
      }),
    approveMachine: async ({ machineId }, { caller }) => {
      const row = await approveMachine(store, machineId, caller.who);
      await admit();
      return create(ApproveMachineResponseSchema, { identity: identityMessage(row) });
    },
    revokeMachine: async ({ machineId }, { caller }) =>
      create(RevokeMachineResponseSchema, await barred(await revokeMachine(store, machineId, caller.who))),
    removeMachine: async ({ machineId }, { caller }) =>
      create(RemoveMachineResponseSchema, await barred(await removeMachine(store, machineId, caller.who))),
    listActs: async ({ limit }) => {
      const acts = await newestActs(store.db, Math.min(limit || ACTS_DEFAULT, ACTS_MAX));
      return create(ListActsResponseSchema, {
        acts: acts.map(({ at, ...act }) => ({ ...act, at: timestampFromDate(at) })),
      });
    },
  };
};
