// TokenService: translate only.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  CreateTokenResponseSchema,
  ListTokensResponseSchema,
  RevokeTokenResponseSchema,
  RoleTokenSchema,
  type TokenService,
} from "@ozone/proto/token_service";
import { OzoneError } from "@ozone/shared/errors";
import { isRole, ROLES } from "@ozone/shared/roles";
import { noteAct } from "../store/acts.ts";
import type { Store } from "../store/open-store.ts";
import { insertRoleToken, listRoleTokens, type RoleTokenRow, revokeRoleToken } from "../store/role-tokens.ts";
import type { Handlers } from "./grpc-server.ts";
import { newRoleToken } from "./role-token.ts";

const NAME_CHARACTERS_MAX = 80;
/** Ten years: as long as a CA. */
const EXPIRES_MS_MAX = 3_650n * 86_400_000n;

const stateOf = ({ revokedAt, expired }: RoleTokenRow): string =>
  revokedAt !== null ? "revoked" : expired ? "expired" : "active";

const describe = (row: RoleTokenRow) =>
  create(RoleTokenSchema, {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: timestampFromDate(row.createdAt),
    ...(row.expiresAt ? { expiresAt: timestampFromDate(row.expiresAt) } : {}),
    ...(row.revokedAt ? { revokedAt: timestampFromDate(row.revokedAt) } : {}),
    state: stateOf(row),
  });

/** Handlers of the token service. */
export const tokenHandlers = ({ db }: Store): Handlers<typeof TokenService> => ({
  async createToken({ role, name, expiresInMs }, { caller }) {
    if (!isRole(role)) {
      throw new OzoneError(
        "invalid_input",
        `There is no role ${JSON.stringify(role)}; use ${ROLES.join(", ")}.`,
      );
    }
    if (name.length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(name)) {
      throw new OzoneError(
        "invalid_input",
        `The name of a token is one line of at most ${NAME_CHARACTERS_MAX} characters.`,
      );
    }
    if (expiresInMs > EXPIRES_MS_MAX) {
      throw new OzoneError(
        "invalid_input",
        "A token can expire after ten years at most; leave it out for never.",
      );
    }
    const { secret, ...stored } = newRoleToken();
    const expires = expiresInMs === 0n ? null : Number(expiresInMs);
    const row = await db.transaction(async (tx) => {
      const made = await insertRoleToken(tx, { ...stored, role, name, expiresInMs: expires });
      const detail = `role ${role}${name === "" ? "" : `, named ${name}`}`;
      await noteAct(tx, { who: caller.who, what: "made a role token", about: made.id, detail });
      return made;
    });
    return create(CreateTokenResponseSchema, { token: describe(row), secret });
  },
  listTokens: async () =>
    create(ListTokensResponseSchema, { tokens: (await listRoleTokens(db)).map(describe) }),
  async revokeToken({ tokenId }, { caller }) {
    const row = await db.transaction(async (tx) => {
      const revoked = await revokeRoleToken(tx, tokenId);
      if (revoked) await noteAct(tx, { who: caller.who, what: "revoked a role token", about: tokenId });
      return revoked;
    });
    if (row === null) {
      throw new OzoneError(
        "not_found",
        `There is no role token ${JSON.stringify(tokenId)}; \`ozone token list\` shows all.`,
      );
    }
    return create(RevokeTokenResponseSchema, { token: describe(row) });
  },
});
