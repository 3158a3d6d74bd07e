// Wrong input and a full disk: one clear sentence that says what to do, the right exit code, and nothing is lost.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runToEnd } from "../setup/processes.ts";
import { fillDisk, makeRoom, onSmallDisk } from "../setup/small-disk.ts";
import { Stack, type StackAgent } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

const MODEL = ["--model", "ozone-synthetic:4m"];

let stack: Stack;
let agent: StackAgent;
let engineUrl: string;

beforeAll(async () => {
  stack = await Stack.start();
  engineUrl = await stack.startEngine();
  const folder = stack.agentFolder("small");
  agent = await stack.startAgent("small", engineUrl, onSmallDisk(folder, 1_024));
});
afterAll(async () => {
  await stack?.stop();
});

/** One sentence on stderr, and the same as a document with --json. */
async function expectRefusal(args: readonly string[], expected: { code: number; sentence: RegExp }) {
  const plain = await stack.ozone(args);
  expect(plain.stderr.trim().split("\n")).toHaveLength(1);
  expect(plain.stderr).toMatch(expected.sentence);
  expect(plain.code).toBe(expected.code);
  const json = await stack.ozone([...args, "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    error: { message: expect.stringMatching(expected.sentence) },
  });
  expect(json.code).toBe(expected.code);
}

describe("wrong input", () => {
  it("names the models that are there when the one asked for is not", async () => {
    await expectRefusal(["sweep", "run", "--model", "qwen3:8b"], {
      code: 2,
      sentence:
        /Model "qwen3:8b" is not installed .*installed: ozone-synthetic:30m, ozone-synthetic:4m.*ollama pull/,
    });
  });

  it("refuses a num_ctx that no server could give, and one that Ollama would cut in silence", async () => {
    await expectRefusal(["sweep", "run", ...MODEL, "--num-ctx", "7"], {
      code: 2,
      sentence: /--num-ctx.*256 to/,
    });
    await expectRefusal(["sweep", "run", ...MODEL, "--num-ctx", "262144"], {
      code: 2,
      sentence: /262144 is beyond the 131072 tokens .*use at most 131072/,
    });
  });

  it("shows where a sweep file is malformed, by line and column", async () => {
    const file = join(stack.dataDir, "broken.yaml");
    await writeFile(file, "name: test\nmatrix:\n  num_ctx: [4096\n  num_batch: 5\n");
    await expectRefusal(["sweep", "run", file], { code: 2, sentence: /broken\.yaml:\d+:\d+/ });
    await writeFile(file, "matrix:\n  batch: [8, 16]\n");
    await expectRefusal(["sweep", "run", file], { code: 2, sentence: /broken\.yaml:2:3.*num_batch/ });
  });

  it("says that no Ollama answers at the address, and what to do", async () => {
    const { code, stderr } = await stack.ozone(["up"], { OLLAMA_HOST: "127.0.0.1:9" });
    expect(stderr.trim().split("\n").at(-1)).toMatch(/127\.0\.0\.1:9.*(start|OLLAMA_HOST)/i);
    expect(code).toBe(1);
  });

  it("says which port is taken and which setting chooses another", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const env = { OZONE_DATA_DIR: join(stack.dataDir, "second"), OZONE_GRPC_ADDRESS: `127.0.0.1:${port}` };
    const { code, stderr } = await runToEnd("coordinator", { env });
    other.close();
    expect(stderr.trim().split("\n").at(-1)).toMatch(
      new RegExp(`127.0.0.1:${port} is taken by another program; stop it, or set OZONE_GRPC_ADDRESS`),
    );
    expect(code).toBe(1);
  });

  it("refuses a second coordinator on the same data folder", async () => {
    const { code, stderr } = await runToEnd("coordinator", { env: stack.env });
    expect(stderr).toMatch(/A coordinator \(pid \d+\) is already running on .*ozone down/);
    expect(code).toBe(1);
  });

  it("refuses to listen for others with half a certificate of one's own", async () => {
    const { code, stderr } = await runToEnd("coordinator", {
      env: { ...stack.env, OZONE_GRPC_ADDRESS: "0.0.0.0:7464", OZONE_TLS_CERT: "server.pem" },
    });
    expect(stderr).toMatch(/OZONE_TLS_CERT and OZONE_TLS_KEY belong together/);
    expect(code).toBe(2);
  });

  it("tells how to start Ozone when it is not running", async () => {
    const { code, stderr } = await stack.ozone(["status"], { OZONE_DATA_DIR: join(stack.dataDir, "nobody") });
    expect(stderr).toMatch(/ozone up/);
    expect(code).toBe(1);
  });

  it("knows no sweep that does not exist", async () => {
    await expectRefusal(["sweep", "show", "s-none"], {
      code: 1,
      sentence: /no sweep "s-none".*ozone sweep list/,
    });
  });

  it("has started nothing and lost nothing by all that", async () => {
    const { sweeps } = await stack.json<{ sweeps: unknown[] }>(["sweep", "list"]);
    expect(sweeps).toEqual([]);
    expect(stack.coordinator.isRunning).toBe(true);
  });
});

describe("a full disk", () => {
  it("stops a coordinator that has not started yet with one sentence", async () => {
    const folder = join(stack.dataDir, "full");
    const env = { OZONE_DATA_DIR: folder };
    const { code, stderr } = await runToEnd("coordinator", {
      env,
      wrapper: onSmallDisk(folder, 8_192, true),
    });
    expect(stderr.trim().split("\n").at(-1)).toMatch(/disk.*full.*(room|free)/i);
    expect(code).toBe(1);
  });

  it("makes an agent keep its result in memory, say why, and save it when there is room", async () => {
    const options = ["--num-ctx", "512", "--num-predict", "8", "--contended", "allow", "--quiet-wait", "0s"];
    await stack.json(["sweep", "run", "--detach", ...MODEL, ...options]);
    await waitFor(
      "a trial at work",
      () => stack.query<{ activity: string }>("select activity from machines"),
      {
        until: ([row]) => /warming up|sample/.test(row?.activity ?? ""),
      },
    );
    fillDisk(agent.process.pid, agent.dataDir);
    await waitFor("the reason", () => stack.query<{ activity: string }>("select activity from machines"), {
      until: ([row]) => /waiting to save a result: the disk is full: make room/.test(row?.activity ?? ""),
    });
    expect(await stack.query("select 1 from results")).toEqual([]);
    makeRoom(agent.process.pid, agent.dataDir);
    await waitFor("the result", () => stack.query<{ verdict: number }>("select verdict from results"), {
      until: ([first]) => first !== undefined && first.verdict !== 3,
      limitMs: 120_000,
    });
  });
});
