// A coordinator that listens beyond loopback, and the command line of another machine: TLS, roles, and every refusal with
// its sentence. The "other machine" is a folder of its own without a run file.
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { connectBus } from "@ozone/shared/bus";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandResult, runToEnd } from "../setup/processes.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

let stack: Stack;
let address: string;
let elsewhere: string;
const secrets: string[] = [];

const inFolder = (name: string) => join(elsewhere, name);
const ca = () => inFolder("ca.pem");

/** The command line on the other machine. */
function remote(args: readonly string[], token: string | null, env: Record<string, string> = {}) {
  const place = { OZONE_DATA_DIR: elsewhere, OZONE_COORDINATOR: address, OZONE_CA: ca() };
  const shown = token === null ? {} : { OZONE_TOKEN_FILE: inFolder(token) };
  return runToEnd("cli", { args, env: { ...place, ...shown, ...env } });
}

/** Makes a token on the coordinator's own machine and carries it over. @returns its id */
async function makeToken(name: string, words: readonly string[]): Promise<string> {
  const out = inFolder(name);
  const document = await stack.json<{ token: { id: string } }>(["token", "create", ...words, "--out", out]);
  secrets.push(readFileSync(out, "utf8").trim());
  return document.token.id;
}

const refusal = ({ code, stdout, stderr }: CommandResult) => ({ code, stdout, said: stderr.trim() });

beforeAll(async () => {
  stack = await Stack.start({ OZONE_GRPC_ADDRESS: "0.0.0.0:0", OZONE_NATS_LISTEN: "127.0.0.1:0" });
  elsewhere = join(stack.dataDir, "elsewhere");
  await mkdir(elsewhere);
  const runFile = await stack.waitUntilReady();
  address = `127.0.0.1:${runFile?.outsideAddress?.split(":").at(-1)}`;
  const { caFile } = await stack.json<{ caFile: string }>(["certificate", "show"]);
  await copyFile(caFile, ca());
  await makeToken("viewer", ["--role", "viewer", "--name", "dashboard"]);
  await makeToken("admin", ["--role", "admin", "--expires", "90d"]);
});
afterAll(async () => {
  await stack?.stop();
});

describe("a coordinator beyond loopback", () => {
  it("answers who has the CA and a token of the role, by address and by name", async () => {
    const status = await remote(["status", "--json"], "viewer");
    expect([status.code, status.stderr]).toEqual([0, ""]);
    expect(JSON.parse(status.stdout)).toMatchObject({ address, status: { machinesOnline: 0 } });
    const byName = await remote(["machine", "list"], "viewer", {
      OZONE_COORDINATOR: address.replace("127.0.0.1", "localhost"),
    });
    expect([byName.code, byName.stderr]).toEqual([0, ""]);
    const tokens = await remote(["token", "list"], "admin");
    expect(tokens.stdout).toMatch(/dashboard\s+viewer\s+active/);
    for (const file of ["viewer", "admin"]) expect(statSync(inFolder(file)).mode & 0o777).toBe(0o600);
  });

  it("refuses no token, a wrong, an expired, a revoked and a too weak one, each with its sentence", async () => {
    const cases: [string | null, readonly string[], RegExp][] = [
      [null, ["status"], /^This coordinator asks for a role token; name a file with one in OZONE_TOKEN_FILE/],
      [
        "viewer",
        ["sweep", "cancel", "s-x"],
        /has the role viewer, and CancelSweep needs operator; ask an admin/,
      ],
      ["viewer", ["token", "list"], /has the role viewer, and ListTokens needs admin; ask an admin/],
    ];
    const right = secrets[0] ?? "";
    await writeFile(inFolder("wrong"), `${right.slice(0, 15)}${"A".repeat(43)}\n`);
    cases.push([
      "wrong",
      ["status"],
      /^The role token is not one of this coordinator's; check OZONE_TOKEN_FILE/,
    ]);
    await makeToken("expired", ["--role", "viewer", "--expires", "1ms"]);
    cases.push(["expired", ["status"], /^The role token \w+ expired on \d{4}-.* UTC; an admin makes one/]);
    const id = await makeToken("revoked", ["--role", "admin", "--name", "lost"]);
    expect((await remote(["status"], "revoked")).code).toBe(0);
    await stack.json(["token", "revoke", id]);
    cases.push(["revoked", ["status"], /^The role token \w+ \(lost\) was revoked; an admin makes one/]);
    for (const [token, args, sentence] of cases) {
      const { code, stdout, said } = refusal(await remote(args, token));
      expect(said, String(token)).toMatch(sentence);
      expect([code, stdout, said.split("\n").length], String(token)).toEqual([1, "", 1]);
    }
    const json = await remote(["status", "--json"], null);
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "unauthenticated" } });
  });

  it("is refused by a client with another CA or another name, and refuses one without TLS", async () => {
    const other = { OZONE_DATA_DIR: inFolder("other") };
    const made = await runToEnd("cli", { args: ["certificate", "make", "--json"], env: other });
    const { caFile } = JSON.parse(made.stdout) as { caFile: string };
    const untrusted = await remote(["status"], "viewer", { OZONE_CA: caFile });
    expect(untrusted.stderr).toMatch(
      /is signed by a CA that is not trusted here; name that coordinator's ca.pem in OZONE_CA/,
    );
    expect(untrusted.code).toBe(1);
    const misnamed = await remote(["status"], "viewer", {
      OZONE_COORDINATOR: address.replace("127.0.0.1", "127.0.0.2"),
    });
    expect(misnamed.stderr).toMatch(/is for other names than this one; use one of its names, or run/);
    const plain = await remote(["status"], null, { OZONE_CA: "" });
    expect([plain.code, plain.stdout]).toEqual([1, ""]);
    expect(plain.stderr).toMatch(/^No coordinator answers at/);
  });

  it("goes on for old clients when its certificate is rotated, and shows the new one without a restart", async () => {
    const log = () => stack.coordinator.output;
    const { server } = await stack.json<{ server: { fingerprint: string } }>(["certificate", "show"]);
    const rotated = await stack.json<{ server: { fingerprint: string; names: string[] } }>([
      ...["certificate", "rotate", "--name", "127.0.0.2"],
    ]);
    expect(rotated.server.fingerprint).not.toBe(server.fingerprint);
    await waitFor("the new certificate", log, {
      until: (text) => text.includes("shows its new certificate"),
    });
    const there = { OZONE_COORDINATOR: address.replace("127.0.0.1", "127.0.0.2") };
    const natsLog = () => readFileSync(join(stack.dataDir, "nats/nats-server.log"), "utf8");
    await waitFor("nats-server with it", natsLog, { until: (text) => /Reloaded: tls/.test(text) });
    // 127.0.0.2 is a name of the new certificate only; the CA that the client has is the old one.
    const status = await remote(["status"], "viewer", there);
    expect([status.code, status.stderr]).toEqual([0, ""]);
  });

  it("takes an agent over a bus with TLS, and a client without it gets nowhere", async () => {
    const agent = await stack.startAgent("tls", await stack.startEngine());
    const { stdout } = await remote(["machine", "list"], "viewer");
    expect(stdout).toContain(agent.machineId);
    expect((await remote(["status"], "viewer")).stdout).toMatch(/embedded nats-server [\d.]+ with TLS/);
    const runFile = await stack.waitUntilReady();
    const plain = runFile?.natsUrl.replace(/^tls:/, "nats:") ?? "";
    const blind = connectBus({ url: runFile?.natsUrl ?? "", name: "no CA" });
    await expect(blind).rejects.toThrow(/certificate/);
    const { host } = new URL(plain);
    const said = await speakPlainly(host);
    expect(said).toContain('"tls_required":true');
    expect(said).not.toContain("PONG");
  });

  it("keeps tokens and keys out of logs, arguments and the database, and leaves the local way as it was", async () => {
    const running = remote(["status"], "admin");
    const seen: string[] = [];
    await waitFor("the command's process", () => commandLines(seen), {
      until: (lines) => lines.some((line) => line.includes("ozone.js")),
    });
    await running;
    commandLines(seen);
    const rows = await stack.query<{ line: string }>("select t::text as line from role_tokens t");
    const places = {
      log: stack.coordinator.output,
      arguments: seen.join("\n"),
      rows: rows.map(({ line }) => line).join(),
    };
    for (const [place, text] of Object.entries(places)) {
      for (const secret of secrets) expect(text.includes(secret.slice(15)), place).toBe(false);
      expect(text, place).not.toContain("PRIVATE KEY");
    }
    expect(places.log).toContain("refused a call");
    expect(rows.length).toBe(secrets.length);
    expect((await stack.ozone(["status"])).code).toBe(0);
  });
});

/** The command lines of all processes, added to those seen before. */
function commandLines(seen: string[]): string[] {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      seen.push(readFileSync(`/proc/${entry}/cmdline`, "utf8").split("\0").join(" "));
    } catch {
      // Ended meanwhile.
    }
  }
  return seen;
}

/** A client that speaks without TLS: all that the server says until it hangs up. */
async function speakPlainly(host: string): Promise<string> {
  const { hostname, port } = new URL(`nats://${host}`);
  const socket = connect({ host: hostname, port: Number(port) });
  let said = "";
  socket.on("data", (chunk) => {
    said += String(chunk);
  });
  socket.on("error", () => undefined);
  socket.write('CONNECT {"verbose":false}\r\nPING\r\n');
  await once(socket, "close");
  return said;
}
