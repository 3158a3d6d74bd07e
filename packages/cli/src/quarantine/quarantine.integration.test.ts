// `ozone quarantine` through the built bundle against a fake coordinator whose messages are hostile.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DropQuarantinedRequest, ListQuarantineRequest } from "@ozone/proto/quarantine_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeCoordinator, startFakeCoordinator } from "../../test/fake-coordinator.ts";
import { buildBundle, type Ran, runCli } from "../../test/run-cli.ts";
import { MACHINE } from "../../test/sample-report.ts";

let fake: FakeCoordinator;
let folder: string;
const asked: (ListQuarantineRequest | DropQuarantinedRequest)[] = [];
const HOSTILE = `evil${String.fromCharCode(27)}[2J\r\nname`;
const message = {
  ...{ id: 17n, machineId: HOSTILE, reason: `it says ${HOSTILE}`, digest: "ab".repeat(32) },
  ...{ keptBytes: 40, receivedAt: { seconds: 1_790_000_000n } },
};
const readable = { trialId: HOSTILE, attempt: 2, modelName: HOSTILE, agentVersion: "9.9.9" };

beforeAll(async () => {
  await buildBundle();
  folder = mkdtempSync(join(tmpdir(), "ozone-cli-"));
  fake = await startFakeCoordinator();
  const { answers } = fake;
  answers.set("QuarantineService.listQuarantine", (request: ListQuarantineRequest) => {
    asked.push(request);
    return { messages: [message], total: 3 };
  });
  answers.set("QuarantineService.showQuarantined", () => ({ message, readable, readableBytes: 30 }));
  answers.set("QuarantineService.retryQuarantined", () => ({ outcome: 4, reason: `no ${HOSTILE}` }));
  answers.set("QuarantineService.dropQuarantined", (request: DropQuarantinedRequest) => {
    asked.push(request);
    return { messages: 2 };
  });
});
afterAll(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ozone = (...words: string[]): Promise<Ran> =>
  runCli(["quarantine", ...words], {
    env: { OZONE_GRPC_ADDRESS: fake.address, OZONE_DATA_DIR: folder },
    cwd: folder,
  });

describe("ozone quarantine", () => {
  it("lists and shows hostile messages on their own lines, and all of them as one document", async () => {
    const listed = await ozone("list", "--machine", MACHINE.name);
    expect(listed.stdout).toContain("evil name  40 bytes  it says evil name");
    expect(listed.stdout).toContain("2 more");
    expect(asked.at(-1)).toMatchObject({ machineId: MACHINE.id, limit: 100 });
    const shown = await ozone("show", "17");
    expect(shown.stdout).toContain("What can be read of it, 30 bytes (the sender's word):");
    expect(shown.stdout).toMatch(/trial +evil name, attempt 2/);
    expect(listed.stdout + shown.stdout).not.toContain(String.fromCharCode(27));
    const { code, stdout } = await ozone("show", "17", "--json");
    expect([code, JSON.parse(stdout).readable.agentVersion]).toEqual([0, "9.9.9"]);
  });

  it("says that a retry was refused again, and ends with 1", async () => {
    const { code, stdout } = await ozone("retry", "17");
    expect([code, stdout]).toEqual([
      1,
      "Message 17 is still in quarantine: it was refused again. no evil name\n",
    ]);
    expect((await ozone("retry", "x")).code).toBe(2);
  });

  it("drops nothing unasked, and with --yes what was named", async () => {
    const unasked = await ozone("drop", "--older-than", "30d");
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining("add --yes")]);
    expect(asked.at(-1)).toMatchObject({ countOnly: true, olderThanMs: 2_592_000_000n });
    const { code, stdout } = await ozone("drop", "17", "--yes", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([0, { messages: 2 }]);
    expect(asked.at(-1)).toMatchObject({ countOnly: false, ids: [17n] });
  });
});
