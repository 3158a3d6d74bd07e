import { describe, expect, it } from "vitest";
import { exhaustion, limitsFor } from "./memory-watch.ts";
import { type Access, deviceProblem, storeCandidates, storeProblem } from "./model-store.ts";
import { chooseProgram, type ProgramFacts } from "./server-program.ts";
import { environmentOf, type SeenProcess, sightOf } from "./users-server.ts";

const url = "http://127.0.0.1:11434";
const seen = (change: Partial<SeenProcess> = {}): SeenProcess => ({
  pid: 7,
  executable: "/usr/local/bin/ollama",
  words: ["/usr/local/bin/ollama", "serve"],
  environment: null,
  userId: 1000,
  contained: false,
  ...change,
});
const engine = { node: "/usr/bin/node", script: "/ozone/ozone-engine.js" };

describe("choosing the program of a managed server", () => {
  const choose = (change: Partial<ProgramFacts>) =>
    chooseProgram({
      answering: "ollama",
      sight: null,
      named: "",
      onPath: null,
      reference: engine,
      ...change,
    });

  it("takes the one behind the URL, by its words where its file is another user's", () => {
    expect(choose({ sight: sightOf(seen(), url), onPath: "/other/ollama" })).toMatchObject({
      command: "/usr/local/bin/ollama",
    });
    const hidden = seen({ executable: null, words: ["/opt/ollama/bin/ollama", "serve"] });
    expect(choose({ sight: sightOf(hidden, url) })).toMatchObject({ command: "/opt/ollama/bin/ollama" });
  });

  it("is not misled by a proxy in front of the server", () => {
    const proxy = seen({ executable: "/usr/sbin/nginx", words: ["nginx: master"] });
    expect(choose({ sight: sightOf(proxy, url), onPath: "/usr/bin/ollama" })).toMatchObject({
      command: "/usr/bin/ollama",
    });
  });

  it("takes the reference engine behind a reference engine, the very one where it can be seen", () => {
    const words = ["node", "/elsewhere/bin/ozone-engine.js", "serve"];
    const sight = sightOf(seen({ executable: "/opt/node", words }), url);
    expect(choose({ answering: "reference", sight, onPath: "/usr/bin/ollama" })).toEqual({
      kind: "reference",
      command: "/opt/node",
      words: ["/elsewhere/bin/ozone-engine.js", "serve"],
    });
    expect(choose({ answering: "reference", named: "/my/ollama" })).toMatchObject({ kind: "reference" });
  });

  it("with nothing at the URL takes what is named, else Ollama on PATH, else the reference engine", () => {
    const nobody = { answering: null, onPath: "/usr/bin/ollama" } as const;
    expect(choose({ ...nobody, named: "/my/ollama" })).toMatchObject({ command: "/my/ollama" });
    expect(choose(nobody)).toMatchObject({ command: "/usr/bin/ollama" });
    expect(choose({ answering: null })).toMatchObject({ kind: "reference", command: "/usr/bin/node" });
  });

  it("says why there is none", () => {
    const contained = sightOf(seen({ contained: true }), url);
    expect(choose({ sight: contained })).toEqual({ problem: expect.stringContaining("in a container") });
    const proxied = sightOf(seen({ executable: "/usr/bin/docker-proxy" }), url);
    expect(choose({ sight: proxied })).toEqual({ problem: expect.stringContaining("in a container") });
    const remote = { place: "elsewhere", reason: "the server runs on another host" } as const;
    expect(choose({ sight: remote, onPath: "/usr/bin/ollama" })).toEqual({
      problem: expect.stringContaining("another host"),
    });
    expect(choose({ sight: { place: "hidden" } })).toEqual({
      problem: expect.stringContaining("OZONE_OLLAMA"),
    });
  });
});

describe("the model store", () => {
  it("is the one that the user's server says, else below its home", () => {
    const own = { HOME: "/home/agent" };
    const at = (usersServer: Record<string, string>) =>
      storeCandidates({ usersServer, usersHome: null, own });
    expect(at({ OLLAMA_MODELS: "/data/models", HOME: "/home/u" })).toEqual(["/data/models"]);
    expect(at({ HOME: "/home/u" })).toEqual(["/home/u/.ollama/models"]);
  });

  it("is looked for where packages put it when the server can't be read", () => {
    const places = storeCandidates({
      usersServer: null,
      usersHome: "/srv/ollama",
      own: { HOME: "/home/agent" },
    });
    expect(places[0]).toBe("/srv/ollama/.ollama/models");
    expect(places).toContain("/home/agent/.ollama/models");
    expect(places).toContain("/usr/share/ollama/.ollama/models");
  });

  const asker = { user: "ozone" };
  const closed: Access = {
    path: "/usr/share/ollama/.ollama/models",
    state: "denied",
    owner: "ollama",
    group: "ollama",
    groupMay: true,
  };

  it("of another user is refused with the group that is missing", () => {
    expect(storeProblem(closed, asker)).toBe(
      "The models in /usr/share/ollama/.ollama/models belong to ollama and ozone may not read them; add ozone to the group ollama (sudo usermod -aG ollama ozone) and start the agent again.",
    );
    expect(storeProblem({ ...closed, groupMay: false }, asker)).toContain("chmod -R g+rX");
    expect(storeProblem({ ...closed, state: "missing" }, asker)).toContain("set OLLAMA_MODELS");
    expect(storeProblem({ ...closed, state: "readable" }, asker)).toBeNull();
  });

  it("is of no use without the GPU: its device is named with the group that may use it", () => {
    const device: Access = {
      path: "/dev/kfd",
      state: "denied",
      owner: "root",
      group: "render",
      groupMay: true,
    };
    expect(deviceProblem([{ ...device, state: "readable" }, device], asker)).toMatch(
      /^The GPU device \/dev\/kfd is open to the group render only; add ozone to the group render .*\.$/,
    );
    expect(deviceProblem([{ ...device, group: "root", groupMay: false }], asker)).toContain("udev rule");
    expect(deviceProblem([], asker)).toBeNull();
  });
});

describe("the environment of a process", () => {
  it("is read with values that contain equal signs and lines", () => {
    expect(environmentOf("A=1\0B=x=y\nz\0=odd\0")).toEqual({ A: "1", B: "x=y\nz" });
  });
});

describe("the watch over a managed server's memory", () => {
  const GIB = 1024 ** 3;
  const limits = limitsFor(16 * GIB);

  it("leaves a reserve to the machine", () => {
    expect(limits.reserveBytes).toBe(0.05 * 16 * GIB);
    expect(limits.ownBytes).toBe(0.95 * 16 * GIB);
    expect(limitsFor(200 * GIB).reserveBytes).toBe(2 * GIB);
    expect(limitsFor(null).ownBytes).toBeNull();
  });

  it("ends a server above its limit, and one that has taken the last of the machine", () => {
    expect(exhaustion({ ownBytes: 15.5 * GIB, availableBytes: 8 * GIB }, limits)).toContain("took 15.5 GiB");
    expect(exhaustion({ ownBytes: 12 * GIB, availableBytes: 0.2 * GIB }, limits)).toContain("Only 204.8 MiB");
  });

  it("leaves alone what fits, what can't be read, and a small server when others take the rest", () => {
    expect(exhaustion({ ownBytes: 15 * GIB, availableBytes: 1 * GIB }, limits)).toBeNull();
    expect(exhaustion({ ownBytes: null, availableBytes: 0 }, limits)).toBeNull();
    expect(exhaustion({ ownBytes: 0.1 * GIB, availableBytes: 0.1 * GIB }, limits)).toBeNull();
  });
});
