// A result says nothing of whose machine it is of, whatever server, system or settings said: what is signed can't be cleaned later.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, hostname } from "node:os";
import { toBinary } from "@bufbuild/protobuf";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { TrialFailure } from "@ozone/shared/failure";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { ManagedServer } from "./measure/ports.ts";
import { orderFor, portsFor, removeFolders } from "./measure/trial-material.ts";
import { peopleOf } from "./owner-here.ts";
import { runTrial } from "./run-trial.ts";

afterAll(removeFolders);
const servers: Server[] = [];
afterEach(() => servers.splice(0).map((server) => server.close()));

const SECRETS = [
  hostname(),
  "lab-pc-17",
  "/home/alice",
  "alice",
  homedir(),
  "192.168.7.9",
  "fe80::7",
  "gpu-box",
];
const TALE = `open /home/alice/.ollama/x on ${hostname()}, ${homedir()}/y, lab-pc-17: dial tcp 192.168.7.9:1, [fe80::7]:1, http://gpu-box:1/`;

/** A server that fails with a tale of where it is. */
async function talkative(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(500, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: TALE }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The very bytes that are kept and signed. */
const bytesOf = (result: TrialResult): string =>
  Buffer.from(toBinary(TrialResultSchema, result)).toString("utf8");

function expectNoSecret(result: TrialResult): void {
  for (const secret of SECRETS) expect(bytesOf(result)).not.toContain(secret);
}

describe("the bytes of a result", () => {
  it("hold no host, home folder or address that a server told of; who is at the machine is told in full", async () => {
    const sentences: string[] = [];
    const url = await talkative();
    const ports = {
      machineName: "lab-pc-17",
      onFullSentence: (sentence: string) => sentences.push(sentence),
    };
    const result = await runTrial(orderFor(), portsFor(url, ports));
    expect(result.failure?.message).toContain(`at ${url} said`);
    expect(result.failure?.message).toMatch(
      /open <home>\/x on <machine>, .*y, <machine>: dial tcp <address>, <address>/,
    );
    expectNoSecret(result);
    expect(sentences.join()).toContain("/home/alice/.ollama/x");
  });

  it("hold nothing of the address that the agent is told to measure at", async () => {
    const result = await runTrial(orderFor({ limitMs: 5_000 }), portsFor("http://gpu-box.invalid:1"));
    expect(result.failure?.message).toMatch(/<address>/);
    expectNoSecret(result);
  });

  it("hold nothing of folders, people and settings around a server of the agent's own", async () => {
    const refused = new TrialFailure(
      "option_refused",
      "The models in /home/alice/.ollama/models belong to somebody else.",
    );
    const managed = { open: () => Promise.reject(refused) };
    const result = await runTrial(
      orderFor({ protocol: { managed: true } }),
      portsFor("http://127.0.0.1:1", { managed }),
    );
    expect(result.failure).toMatchObject({
      failureClass: "option_refused",
      message: "The models in <home>/models belong to somebody else.",
    });
    const url = await talkative();
    const { conditions, sampler } = portsFor(url);
    const server = {
      ...{ url, conditions, sampler, settings: { OLLAMA_LLM_LIBRARY: "/home/alice/lib/cuda.so" } },
      warnings: [{ code: "users_model_loaded", message: "see /home/alice/x" }],
      room: { read: async () => null },
      logged: () => ({ kvCacheType: null, flashAttention: null, parallel: null, complaint: null }),
      ...{ outOfMemory: () => null, endedEarly: () => `its log says: ${TALE}` },
      stop: async () => "The server in /home/alice could not be ended.",
    } satisfies ManagedServer;
    const started = await runTrial(
      orderFor({ protocol: { managed: true } }),
      portsFor("http://127.0.0.1:1", { managed: { open: async () => server }, machineName: "lab-pc-17" }),
    );
    expect(started.failure?.failureClass).toBe("runner_crashed");
    expect(started.warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["users_model_loaded", "not_cleaned_up"]),
    );
    expect(started.conditions?.serverEnvironment).toEqual({ OLLAMA_LLM_LIBRARY: "<home>/cuda.so" });
    expectNoSecret(started);
  });
});

describe("the people of a host", () => {
  it("are the accounts that are no services", () => {
    const passwd =
      "root:x:0:0::/root:/bin/sh\nollama:x:998:998::/usr/share/ollama:\nalice:x:1000:1000:Alice:/srv/alice:/bin/sh\nbroken\nnobody:x:65534:65534::/:\n";
    expect(peopleOf(passwd)).toEqual([{ name: "alice", home: "/srv/alice" }]);
  });
});
