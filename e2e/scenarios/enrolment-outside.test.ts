// Machines enrol over TLS by the fingerprint of the CA and work with an identity of their own; who may decide about them
// from outside is named in the audit log. The "other machines" are folders of their own without a run file.
import { readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { HeartbeatSchema } from "@ozone/proto/machine";
import { connectBus, sendHeartbeat } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnrolled } from "../../packages/agent/src/enrolment/enrol.ts";
import { connectCoordinator } from "../../packages/cli/src/coordinator-client.ts";
import { MadeAgent } from "../setup/made-agent.ts";
import { runToEnd } from "../setup/processes.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

interface MadeToken {
  readonly secret: string;
  readonly command: string;
  readonly caFingerprint: string;
}

let stack: Stack;
let address: string;
let fingerprint: string;
const agents: MadeAgent[] = [];

const folderOf = (name: string) => stack.agentFolder(name);
const newToken = () => stack.json<MadeToken>(["enroll", "token", "create", "--approved"]);

/** `ozone-agent enroll` on another machine. */
const enroll = (name: string, token: string, args: readonly string[], env: Record<string, string> = {}) =>
  runToEnd("agent", {
    args: ["enroll", "--name", name, "--data-dir", folderOf(name), "--coordinator", address, ...args],
    env: { OZONE_DATA_DIR: join(stack.dataDir, "elsewhere"), OZONE_ENROLL_TOKEN: token, ...env },
  });

/** The command line of an administrator on another machine. */
const remote = (args: readonly string[]) =>
  runToEnd("cli", {
    args,
    env: {
      OZONE_DATA_DIR: join(stack.dataDir, "elsewhere"),
      ...{ OZONE_COORDINATOR: address, OZONE_CA: join(stack.dataDir, "certificates/ca.pem") },
      OZONE_TOKEN_FILE: join(stack.dataDir, "admin.token"),
    },
  });

async function begin(name: string): Promise<{ machineId: string; agent: MadeAgent }> {
  const enrolled = await readEnrolled(folderOf(name));
  if (!enrolled) throw new Error(`${name} has not enrolled`);
  const { busUrl, busCa, identity } = enrolled;
  const { machineId } = identity;
  const agent = await MadeAgent.start({ natsUrl: busUrl, as: { identity, caPem: busCa }, machineId });
  agents.push(agent);
  return { machineId, agent };
}

const ready = async () => {
  const runFile = await stack.waitUntilReady();
  address = `127.0.0.1:${runFile?.outsideAddress?.split(":").at(-1)}`;
};

beforeAll(async () => {
  stack = await Stack.start({ OZONE_GRPC_ADDRESS: "0.0.0.0:17464", OZONE_NATS_LISTEN: "127.0.0.1:0" });
  await mkdir(join(stack.dataDir, "elsewhere"));
  await ready();
  const made = [
    "token",
    "create",
    "--role",
    "admin",
    "--name",
    "anna",
    "--out",
    join(stack.dataDir, "admin.token"),
  ];
  await stack.json(made);
});
afterAll(async () => {
  for (const agent of agents) await agent.stop();
  await stack.stop();
});

describe("enrolling from another machine", () => {
  it("takes the command that comes with the token: the CA by its fingerprint, the bus and its CA with the identity", async () => {
    const { secret, command, caFingerprint } = await newToken();
    fingerprint = caFingerprint;
    expect(command).toMatch(
      /^ozone-agent enroll --coordinator \S+:17464 --ca-fingerprint sha256:[0-9a-f]{64}$/,
    );
    expect(command).not.toContain(secret);
    const { code, stdout, stderr } = await enroll("one", secret, ["--ca-fingerprint", fingerprint]);
    expect([code, stdout, stderr]).toEqual([
      0,
      "",
      expect.stringMatching(/^m-\w+ is enrolled; `ozone-agent start`/),
    ]);
    for (const file of ["machine-key", "coordinator-ca.pem", "enrolment.json"])
      expect(statSync(join(folderOf("one"), file)).mode & 0o777, file).toBe(0o600);
    const kept = JSON.parse(readFileSync(join(folderOf("one"), "enrolment.json"), "utf8"));
    expect(kept).toMatchObject({
      coordinator: address,
      busUrl: expect.stringMatching(/^tls:\/\/127\.0\.0\.1:/),
    });
    expect(JSON.stringify(kept)).not.toContain(secret);
    const { machineId } = await begin("one");
    const { machines } = await stack.json<{ machines: { id: string; status: string }[] }>([
      "machine",
      "list",
    ]);
    expect(machines).toMatchObject([{ id: machineId, status: "online" }]);
    const again = await enroll("one", "", ["--token-file", "/dev/null", "--ca-fingerprint", fingerprint]);
    expect(again.stderr).toMatch(/^m-\w+ is enrolled/);
  });

  it("sends no token to who shows another CA, or a certificate for another name", async () => {
    const { secret } = await newToken();
    const wrong = await enroll("two", secret, ["--ca-fingerprint", `sha256:${"0".repeat(64)}`]);
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/shows no CA with the fingerprint sha256:0{64}.* No token was sent/),
    ]);
    const typo = await enroll("two", secret, ["--ca-fingerprint", "sha256:12"]);
    expect([typo.code, typo.stderr]).toEqual([2, expect.stringMatching(/looks like sha256: and 64 digits/)]);
    const other = [
      "--coordinator",
      address.replace("127.0.0.1", "127.0.0.2"),
      "--ca-fingerprint",
      fingerprint,
    ];
    const misnamed = await enroll("two", secret, other);
    expect([misnamed.code, misnamed.stderr]).toEqual([
      1,
      expect.stringMatching(/is for other names than this one/),
    ]);
    const { tokens } = await stack.json<{ tokens: { state: string }[] }>(["enroll", "token", "list"]);
    expect(tokens.map(({ state }) => state).sort()).toEqual(["open", "used"]);
    const right = await enroll("two", secret, ["--ca", join(stack.dataDir, "certificates/ca.pem")]);
    expect([right.code, right.stderr]).toEqual([0, expect.stringMatching(/is enrolled/)]);
  });

  it("leaves everything else to role tokens, whose names the audit log has", async () => {
    const { machineId } = await begin("two");
    expect((await remote(["machine", "rename", machineId, "lab-2"])).code).toBe(0);
    const clash = await remote(["machine", "rename", "one", "lab-2"]);
    expect(clash.stderr).toMatch(/is called lab-2 already; choose another name/);
    const start = performance.now();
    const revoked = await remote(["machine", "revoke", "lab-2"]);
    expect([revoked.code, revoked.stdout]).toEqual([0, expect.stringContaining("Its connection is cut.")]);
    const enrolled = await readEnrolled(folderOf("two"));
    const { busUrl = "", busCa = null, identity } = enrolled ?? {};
    await expect(connectBus({ url: busUrl, caPem: busCa, identity, name: "again" })).rejects.toThrow(
      /refuses the key of m-.*: it is not approved, or was revoked/,
    );
    process.stdout.write(
      `over TLS: barred within ${Math.round(performance.now() - start)} ms, the command included\n`,
    );
    const { acts } = await stack.json<{
      acts: { what: string; who: string; about: string; detail?: string }[];
    }>([...["audit", "list"]]);
    const mine = acts.filter(({ about }) => about === machineId);
    expect(mine.map(({ what, detail = "" }) => `${what} ${detail}`)).toEqual([
      "revoked was approved",
      `renamed lab-${machineId} to lab-2`,
      expect.stringMatching(/^enrolled two, key U/),
    ]);
    expect(mine.slice(0, 2).map(({ who }) => who)).toEqual([
      expect.stringMatching(/^anna \(role token [0-9a-f]{10}\)$/),
      expect.stringMatching(/^anna \(role token [0-9a-f]{10}\)$/),
    ]);
    const local = acts.filter(({ what }) => what === "made a role token");
    expect(local.map(({ who }) => who)).toEqual(["a user of the coordinator's machine"]);
  });
});

describe("a paused machine", () => {
  it("takes no trial, over a restart of the coordinator too, while the sweep says why; then it goes on", async () => {
    expect((await stack.ozone(["machine", "rename", "one", "desk-1"])).code).toBe(0);
    const known = await stack.json<{ machines: { id: string; name: string }[] }>(["machine", "list"]);
    const one = known.machines.find(({ name }) => name === "desk-1");
    expect((await stack.ozone(["machine", "tag", "desk-1", "desk"])).code).toBe(0);
    const paused = await stack.ozone(["machine", "pause", "--tag", "desk"]);
    expect([paused.code, paused.stdout]).toEqual([0, expect.stringMatching(/^desk-1 is paused: it ends/)]);
    const { sweep } = await stack.json<{ sweep: { id: string } }>([
      ...[
        "sweep",
        "run",
        "--machine",
        "desk-1",
        "--num-ctx",
        "512",
        "--num-batch",
        "8,16",
        "--strategy",
        "grid",
      ],
      ...["--detach"],
    ]);
    await stack.coordinator.kill();
    stack.coordinator.restart();
    await ready();
    const show = async () => (await stack.ozone(["sweep", "show", sweep.id])).stdout;
    const waiting = await waitFor("a sweep that waits", show, {
      until: (text) => /desk-1 is paused/.test(text),
    });
    expect(waiting).toMatch(/its trials wait for `ozone machine resume desk-1`/);
    expect((await stack.ozone(["machine", "show", "desk-1"])).stdout).toMatch(/status\s+(offline, )?paused/);
    const attempts = () => stack.query<{ number: number }>("select number from attempts");
    expect(await attempts()).toEqual([]);
    const enrolled = await readEnrolled(folderOf("one"));
    const bus = await connectBus({
      url: enrolled?.busUrl ?? "",
      caPem: enrolled?.busCa ?? null,
      identity: enrolled?.identity,
      name: "look",
    });
    const reply = await sendHeartbeat(bus, create(HeartbeatSchema, { machineId: one?.id ?? "" }));
    await bus.close();
    expect(reply.paused).toBe(true);
    expect((await stack.ozone(["machine", "resume", "desk-1"])).code).toBe(0);
    await waitFor("the end of the sweep", show, {
      until: (text) => /state\s+done/.test(text),
    });
    const { acts } = await stack.json<{ acts: { what: string }[] }>(["audit", "list"]);
    const mine = acts.map(({ what }) => what).filter((what) => what !== "started a sweep");
    expect(mine.slice(0, 2)).toEqual(["resumed", "paused"]);
  });
});

describe("a flood of enrolments from one address", () => {
  it("is turned away before its messages are read, and other callers go on", async () => {
    const ca = readFileSync(join(stack.dataDir, "certificates/ca.pem"));
    const client = connectCoordinator({ address, tls: { ca, token: null } });
    const guess = () =>
      client.call(EnrolmentService.method.enroll, { token: "guess", machineId: "m-x", name: "x" }).then(
        () => "enrolled",
        (thrown: Error) => thrown.message,
      );
    const answers = await Promise.all(Array.from({ length: 90 }, guess));
    client.close();
    const refused = answers.filter((answer) =>
      /^Too many enrolment calls come from 127\.0\.0\.1/.test(answer),
    );
    expect(answers.filter((answer) => /^This is no token/.test(answer)).length + refused.length).toBe(90);
    expect(refused.length).toBeGreaterThan(50);
    expect((await remote(["status"])).code).toBe(0);
  });
});
