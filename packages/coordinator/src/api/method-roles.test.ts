import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { DescFile } from "@bufbuild/protobuf";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { Health } from "@ozone/proto/health";
import { describe, expect, it } from "vitest";
import type { RoleTokenRow } from "../store/role-tokens.ts";
import { accessOf } from "./method-roles.ts";
import { admit, idOfToken, newRoleToken } from "./role-token.ts";

const GENERATED = fileURLToPath(new URL("../../../../proto/gen/ozone/v1/", import.meta.url));

/** Every service that was generated, whether a server offers it or not. */
async function allServices() {
  const files = readdirSync(GENERATED).filter((name) => name.endsWith("_pb.ts"));
  const modules = await Promise.all(
    files.map((name) => import(`${GENERATED}${name}`) as Promise<Record<string, unknown>>),
  );
  const described = modules.flatMap((module) =>
    Object.entries(module).flatMap(([key, value]) => (key.startsWith("file_") ? [value as DescFile] : [])),
  );
  return [Health, ...described.flatMap(({ services }) => services)];
}

describe("the table of roles", () => {
  it("has every method of every service, and nothing but health and enrolling is open", async () => {
    const services = await allServices();
    expect(services.length).toBeGreaterThan(5);
    for (const service of services) {
      for (const method of service.methods) {
        const access = accessOf(`/${service.typeName}/${method.name}`);
        expect(access, `${service.typeName}/${method.name} has no role`).not.toBeNull();
        const isOpen = [Health.typeName, EnrolmentService.typeName].includes(service.typeName);
        expect(access === "open", method.name).toBe(isOpen);
      }
    }
  });

  it("knows no method that does not exist", () => {
    expect(accessOf("/ozone.v1.SweepService/DropEverything")).toBeNull();
    expect(accessOf("/ozone.v1.SweepService/startSweep")).toBeNull();
  });
});

describe("a role token", () => {
  const { id, hash, secret } = newRoleToken();
  const row: RoleTokenRow = {
    ...{ id, hash, name: "ci", role: "operator", createdAt: new Date(0), revokedAt: null },
    ...{ expiresAt: null, expired: false },
  };
  const ask = (values: Partial<Parameters<typeof admit>[0]>) =>
    admit({ shown: secret, row, needed: "viewer", methodName: "GetStatus", ...values });

  it("lets its role and the lesser ones through, and no greater", () => {
    expect(() => ask({})).not.toThrow();
    expect(() => ask({ needed: "operator" })).not.toThrow();
    expect(() => ask({ needed: "admin" })).toThrow(/has the role operator, and GetStatus needs admin/);
  });

  it("carries its id, 256 random bits, and is stored as a hash that says nothing of them", () => {
    expect(idOfToken(secret)).toBe(id);
    expect(Buffer.from(secret.slice(15), "base64url")).toHaveLength(32);
    expect(Buffer.from(hash).toString("base64url")).not.toContain(secret.slice(15));
    for (const text of ["", "ozr_", secret.slice(0, -1), `${secret}A`, secret.replace("ozr", "xyz")]) {
      expect(idOfToken(text), text).toBeNull();
    }
  });

  it("is told why it is refused only when it is the whole token", () => {
    const revoked = { ...row, revokedAt: new Date(1) };
    expect(() => ask({ row: revoked })).toThrow(/was revoked/);
    const forged = `${secret.slice(0, -1)}${secret.endsWith("A") ? "B" : "A"}`;
    for (const shown of [forged, newRoleToken().secret]) {
      expect(() => ask({ row: revoked, shown })).toThrow(/is not one of this coordinator's/);
    }
  });
});
