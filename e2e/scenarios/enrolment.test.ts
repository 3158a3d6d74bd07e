// Machines enrol, are let in and barred, over real Postgres, nats-server and gRPC. What one that lies can do:
// hostile-agent.test.ts.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { Admission } from "@ozone/proto/enrolment_service";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { connectBus, sendHeartbeat } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnrolledMachines } from "../setup/enrolled-machines.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

let stack: Stack;
let machines: EnrolledMachines;

beforeAll(async () => {
  stack = await Stack.start();
  machines = await EnrolledMachines.of(stack);
});
afterAll(async () => {
  await machines.close();
  await stack.stop();
});

describe("enrolling", () => {
  it("refuses, in one sentence, what is expired, withdrawn, forged, or would take another's place", async () => {
    expect(await machines.rawEnroll(await machines.newToken(), "m-once")).toBe("enrolled");
    const expired = await machines.newToken();
    await stack.query("update enrolment_tokens set expires_at = now() where used_at is null");
    expect(await machines.rawEnroll(expired, "m-late")).toMatch(/^This token has expired; /);
    expect(await machines.rawEnroll("ozone-enrol-".padEnd(55, "x"), "m-x")).toMatch(
      /^This token is not known here; /,
    );
    expect(await machines.rawEnroll(await machines.newToken(), "m-once")).toMatch(
      /^m-once is known here already; it needs a token/,
    );
    expect(await machines.rawEnroll(await machines.newToken(), "m.>")).toMatch(/^The machine id is not/);
    const bound = await machines.newToken("m-once");
    expect(await machines.rawEnroll(bound, "m-other")).toBe("This token is for m-once, not for m-other.");
    expect(await machines.rawEnroll(bound, "m-once")).toBe("enrolled");
    expect((await machines.known()).map(({ machineId }) => machineId)).not.toContain("m-other");
  });

  it("waits for the approval, and keeps the key to itself", async () => {
    const waiting = machines.enrolAs("patient", await machines.newToken("", false));
    const pending = await waitFor("a pending machine", async () => await machines.known(), {
      until: (all) =>
        all.some(({ name, admission }) => name === "patient" && admission === Admission.PENDING),
    });
    const machineId = pending.find(({ name }) => name === "patient")?.machineId ?? "";
    const { code, stdout } = await stack.ozone(["machine", "list"]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`ozone machine approve ${machineId}`)]);
    const approved = await stack.ozone(["machine", "approve", "patient"]);
    expect([approved.code, approved.stdout]).toEqual([0, expect.stringContaining("approved")]);
    expect((await waiting).identity.machineId).toBe(machineId);
    expect((await stat(join(stack.agentFolder("patient"), "machine-key"))).mode & 0o777).toBe(0o600);
    await machines.arrive("patient", await waiting);
  });
});

describe("barring a machine", () => {
  it("cuts its connection at once, and only its own; approving lets it in again", async () => {
    const barred = await machines.arrive(
      "barred",
      await machines.enrolAs("barred", await machines.newToken()),
    );
    const other = await machines.arrive("other", await machines.enrolAs("other", await machines.newToken()));
    const start = performance.now();
    const document = await stack.json<{ cut: boolean }>(["machine", "revoke", barred.machineId]);
    await waitFor("a cut connection", () => barred.said, { until: (said) => said.includes("disconnect") });
    const cutMs = performance.now() - start;
    expect([document.cut, cutMs < 60_000]).toEqual([true, true]);
    process.stdout.write(
      `revoked and cut off within ${Math.round(cutMs)} ms, the command's start included\n`,
    );
    expect((await machines.machineOf(barred.machineId))?.status).toBe("offline");
    await sendHeartbeat(other.bus, create(HeartbeatSchema, { machineId: other.machineId }));
    expect(other.said).not.toContain("disconnect");
    await expect(machines.enrolAs("barred", await machines.newToken())).rejects.toThrow(
      /is not let in: it was revoked/,
    );
    expect((await stack.ozone(["machine", "approve", "barred"])).code).toBe(0);
    await waitFor("its way back", () => barred.said, { until: (said) => said.includes("reconnect") });
    const acts = await stack.json<{ acts: { what: string; about: string }[] }>(["audit", "list"]);
    expect(acts.acts.filter(({ about }) => about === barred.machineId).map(({ what }) => what)).toEqual([
      "approved",
      "revoked",
      "enrolled",
    ]);
  });

  it("is made up for by the next coordinator when one dies between the row and the bus", async () => {
    const enrolled = await machines.enrolAs("late", await machines.newToken());
    const late = await machines.arrive("late", enrolled);
    await stack.coordinator.kill();
    // What the dying one had committed: the row, and nothing else.
    const id = late.machineId;
    await stack.query(`update machine_identities set state = 'revoked' where machine_id = '${id}'`);
    expect(late.said).not.toContain("disconnect");
    stack.coordinator.restart();
    await machines.reconnect();
    await waitFor("a cut connection", () => late.said, { until: (said) => said.includes("disconnect") });
    await expect(
      connectBus({ url: enrolled.busUrl, identity: enrolled.identity, name: "late again" }),
    ).rejects.toThrow(/refuses the key of m-.*: it is not approved, or was revoked/);
  });
});
