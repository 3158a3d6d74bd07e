// Every command through the built bundle against a fake coordinator.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clone } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { MachineSchema } from "@ozone/proto/machine";
import type { TagMachineRequest } from "@ozone/proto/machine_service";
import { SweepState } from "@ozone/proto/sweep";
import type { StartSweepRequest } from "@ozone/proto/sweep_service";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import {
  type FakeCoordinator,
  grpcError,
  startFakeCoordinator,
  sweep,
  WATCHED,
} from "../test/fake-coordinator.ts";
import { buildBundle, type Ran, runCli } from "../test/run-cli.ts";
import { forecast } from "../test/sample-forecast.ts";
import { MACHINE, MODEL } from "../test/sample-report.ts";

let fake: FakeCoordinator;
let folder: string;

beforeAll(buildBundle);
beforeEach(async () => {
  fake = await startFakeCoordinator();
  folder = mkdtempSync(join(tmpdir(), "ozone-cli-"));
});
afterEach(async () => {
  await fake.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => expect(process.exitCode ?? 0).toBe(0));

const ozone = (...words: string[]): Promise<Ran> =>
  runCli(words, { env: { OZONE_GRPC_ADDRESS: fake.address, OZONE_DATA_DIR: folder }, cwd: folder });

describe("every command that reads", () => {
  const READERS = [
    { words: ["status"], shows: "embedded 2.9.10" },
    { words: ["machine", "list"], shows: "amd-epyc-2c-avx512-24gb-linux  gpu, room-12" },
    { words: ["machine", "show", "lab-pc-17"], shows: "tags            gpu, room-12" },
    { words: ["sweep", "plan", "seed-144"], shows: "about 58 min (36 min to 3 h 05 min)" },
    { words: ["sweep", "names"], shows: "seed-144" },
    { words: ["sweep", "names", "standard"], shows: "strategy: guided" },
    { words: ["sweep", "list"], shows: "s-0123456789" },
    { words: ["sweep", "show", "s-0123456789"], shows: "out_of_memory_load" },
    { words: ["sweep", "watch", "s-0123456789"], shows: "done" },
    { words: ["sweep", "cancel", "s-0123456789"], shows: "cancelled" },
    { words: ["preset", "list"], shows: "n 6" },
    { words: ["preset", "show", MODEL], shows: "What you gain over the default" },
    { words: ["preset", "export"], shows: "num_ctx: 4096" },
    { words: ["model", "advise"], shows: "nothing about the quality of answers" },
    { words: ["report", "build", "--out", "results"], shows: "report.html" },
  ];

  it.each(READERS)("prints text for a person: $words", async ({ words, shows }) => {
    const { code, stdout, stderr } = await ozone(...words);
    expect(stderr === "" || words.includes("watch")).toBe(true);
    expect(stdout).toContain(shows);
    expect(code).toBe(0);
  });

  it.each(READERS)("prints exactly one JSON document with --json: $words", async ({ words }) => {
    const { code, stdout } = await ozone(...words, "--json");
    expect(typeof JSON.parse(stdout)).toBe("object");
    expect(code).toBe(0);
  });
});

describe("ozone sweep run", () => {
  it("sends what a file says, the flags before it, and follows the sweep to its end", async () => {
    writeFileSync(
      join(folder, "night.yaml"),
      "name: night\nstrategy: grid\nmatrix:\n  num_ctx: [4096, 8192]\n  num_batch: 256\n",
    );
    const { code, stdout, stderr } = await ozone(
      "sweep",
      "run",
      "night.yaml",
      "--num-batch",
      "512,1024",
      "--model",
      "a:1,b",
    );
    expect(fake.started).toHaveLength(1);
    expect(fake.started[0]).toMatchObject({
      name: "night",
      strategy: "grid",
      models: ["a:1", "b"],
      matrix: { numCtx: [4096, 8192], numBatch: [512, 1024] },
    });
    expect(stderr).toContain(
      "trial 1 of 3 planned so far · num_ctx 8192, num_batch 512, num_thread 1, num_predict 128 · filling 7372 tokens · 41 s left",
    );
    expect(stderr).toContain("decode 43.9 t/s, prefill 804.0 t/s, TTFT 9.17 s (n 1)");
    expect(stderr).toContain("out_of_memory_load: no room");
    expect(stdout).toContain("2 of 3 ended".replace("2", "3"));
    expect(code).toBe(0);
  });

  it("plans and starts a named sweep with flags over it, and starts nothing when it only plans", async () => {
    const asked: unknown[] = [];
    fake.answers.set("SweepService.planSweep", ({ request }: StartSweepRequest) => {
      asked.push(request);
      return forecast();
    });
    const words = ["seed-144", "--num-batch", "512", "--model", "a:1"];
    const sent = {
      name: "seed-144",
      leaveOutMisfits: true,
      matrix: { numBatch: [512], numPredict: [256, 512] },
    };
    const planned = await ozone("sweep", "plan", ...words);
    expect([planned.code, planned.stderr, fake.started]).toEqual([0, "", []]);
    expect(asked).toMatchObject([sent]);
    await ozone("sweep", "run", "--detach", ...words);
    expect(fake.started).toMatchObject([sent]);
    const file = await ozone("sweep", "names", "seed-144");
    writeFileSync(join(folder, "mine.yaml"), file.stdout);
    await ozone("sweep", "plan", "mine.yaml", "--num-batch", "512", "--model", "a:1");
    expect(asked[1]).toEqual(asked[0]);
    const wrong = await ozone("sweep", "names", "seed");
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'There is no named sweep "seed"; use quick, standard, thorough, seed-144.\n',
    ]);
  });

  it("starts nothing on a coordinator that would not see which machines are meant", async () => {
    const words = ["sweep", "run", "--detach", "--where", "gpu>=1", "--class", "a,b"];
    fake.answers.set("MachineService.getStatus", () => ({ version: "0.1.0" }));
    const old = await ozone(...words);
    expect([old.code, fake.started]).toEqual([2, []]);
    expect(old.stderr).toMatch(
      /^The coordinator at \S+ is of an older version \(0\.1\.0\) .*\(--machine\)\.\n$/,
    );
    fake.answers.set("MachineService.getStatus", () => ({ version: "9.9.9", protocolVersion: 2 }));
    expect((await ozone(...words)).code).toBe(0);
    expect(fake.started).toMatchObject([{ where: "gpu>=1", classes: ["a", "b"] }]);
  });

  it("returns at once with --detach", async () => {
    const { code, stdout } = await ozone("sweep", "run", "--detach", "--json");
    expect(JSON.parse(stdout).sweep.id).toBe("s-0123456789");
    expect(fake.started[0]).toMatchObject({ strategy: "quick", budgetMs: 240_000 });
    expect(code).toBe(0);
  });

  it("names file, line and column of a wrong value, of an unknown key and of broken YAML, with exit code 2", async () => {
    const wrong: readonly (readonly [string, RegExp])[] = [
      [
        "matrix:\n  num_ctx: [4096, 8K]\n",
        /^wrong\.yaml:2:19: matrix\.num_ctx must be a whole number .*, not "8K"\.$/m,
      ],
      [
        "matrix:\n  num_ctx: 4096\n  batch: 8\n",
        /^wrong\.yaml:3:3: "batch" is ignored by Ollama; its name is num_batch\.$/m,
      ],
      ["name: x\nmatrix: {num_ctx: [1, 2\n", /^wrong\.yaml:3:1: this is no valid YAML: /m],
      ["name: a\nname: b\n", /^wrong\.yaml:2:1: this is no valid YAML: Map keys must be unique/m],
    ];
    for (const [text, expected] of wrong) {
      writeFileSync(join(folder, "wrong.yaml"), text);
      const { code, stdout, stderr } = await ozone("sweep", "run", "wrong.yaml");
      expect(stderr).toMatch(expected);
      expect(stderr.trim().split("\n")).toHaveLength(1);
      expect([code, stdout]).toEqual([2, ""]);
    }
    expect(fake.started).toEqual([]);
  });

  it("fails with the reason when the sweep failed, and says so in one JSON document", async () => {
    const failed = sweep({ state: SweepState.FAILED, notes: ["The machine went away."] });
    fake.answers.set("SweepService.watchSweep", () => [{ sweep: failed }]);
    const { code, stdout, stderr } = await ozone("sweep", "run", "--json");
    expect(stderr).toContain(
      "Sweep s-0123456789 failed: The machine went away; see `ozone sweep show s-0123456789`.",
    );
    expect(JSON.parse(stdout).error.message).toContain("The machine went away");
    expect(code).toBe(1);
  });

  it("goes on following after the coordinator was away", async () => {
    let calls = 0;
    fake.answers.set("SweepService.watchSweep", () => {
      calls += 1;
      if (calls === 1) throw grpcError(status.UNAVAILABLE, "Connection dropped");
      return WATCHED;
    });
    const { code, stderr } = await ozone("sweep", "watch", "s-0123456789");
    expect(stderr).toContain("the sweep is safe");
    expect(stderr).toContain("the coordinator is back");
    expect(code).toBe(0);
  });

  it("stops following at Ctrl-C and says that the sweep goes on", async () => {
    fake.answers.set("SweepService.watchSweep", () => [WATCHED[0]]);
    const { code, stderr } = await runCli(["sweep", "watch", "s-0123456789"], {
      env: { OZONE_GRPC_ADDRESS: fake.address, OZONE_DATA_DIR: folder },
      interruptAfter: /trial 1 of 3/,
    });
    expect(stderr).toContain("the sweep goes on");
    expect(code).toBe(1);
  });
});

describe("errors", () => {
  it("maps what the coordinator says to one sentence and the exit code", async () => {
    const cases = [
      { code: status.INVALID_ARGUMENT, exit: 2, name: "invalid_input" },
      { code: status.NOT_FOUND, exit: 1, name: "not_found" },
      { code: status.INTERNAL, exit: 1, name: "internal" },
    ];
    for (const { code, exit, name } of cases) {
      fake.answers.set("SweepService.getSweep", () => {
        throw grpcError(code, 'There is no sweep "x".');
      });
      const ran = await ozone("sweep", "show", "x", "--json");
      expect(ran.stderr).toBe('There is no sweep "x".\n');
      expect(JSON.parse(ran.stdout)).toEqual({ error: { code: name, message: 'There is no sweep "x".' } });
      expect(ran.code).toBe(exit);
    }
  });

  it("says that nothing runs, with how to start it, and exit code 1", async () => {
    const { code, stdout, stderr } = await runCli(["status"], { env: { OZONE_DATA_DIR: folder } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      "Ozone is not running here; start it with `ozone up`, or name another machine's coordinator in OZONE_COORDINATOR.\n",
    );
  });

  it("says that nothing answers when the coordinator is gone", async () => {
    await fake.stop();
    const { code, stderr } = await ozone("machine", "list");
    expect(stderr).toBe(
      `No coordinator answers at ${fake.address} (connection refused); start it with \`ozone up\`.\n`,
    );
    expect(code).toBe(1);
  });

  it("answers a mistyped command or flag with a suggestion and exit code 2", async () => {
    const unknown = await ozone("swep", "run");
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      "There is no command `ozone swep run`; did you mean `ozone sweep run`?\n",
    ]);
    const topic = await ozone("preset", "lst", "--json");
    expect(JSON.parse(topic.stdout).error.message).toContain("ozone preset list");
    const flag = await ozone("status", "--verbose");
    expect([flag.code, flag.stderr]).toEqual([2, "Nonexistent flag: --verbose. See --help.\n"]);
    const argument = await ozone("sweep", "show");
    expect([argument.code, argument.stderr]).toEqual([2, "Missing 1 required arg: sweep. See --help.\n"]);
  });
});

describe("ozone machine", () => {
  it("tags and untags a machine by its name or id, and says what it carries then", async () => {
    const asked: unknown[] = [];
    const answer = (request: TagMachineRequest) => {
      asked.push({ machineId: request.machineId, tags: request.tags });
      return { machine: Object.assign(clone(MachineSchema, MACHINE), { tags: request.tags }) };
    };
    fake.answers.set("MachineService.tagMachine", answer);
    fake.answers.set("MachineService.untagMachine", () => ({
      machine: Object.assign(clone(MachineSchema, MACHINE), { tags: [] }),
    }));
    const tagged = await ozone("machine", "tag", MACHINE.name, "lab-a", "gpu");
    expect([tagged.code, tagged.stdout, tagged.stderr]).toEqual([0, "lab-pc-17 carries lab-a, gpu\n", ""]);
    const json = await ozone("machine", "tag", MACHINE.id, "canary", "--json");
    expect(JSON.parse(json.stdout).machine.tags).toEqual(["canary"]);
    expect(asked).toEqual([
      { machineId: MACHINE.id, tags: ["lab-a", "gpu"] },
      { machineId: MACHINE.id, tags: ["canary"] },
    ]);
    expect((await ozone("machine", "untag", MACHINE.id, "gpu")).stdout).toBe("lab-pc-17 carries no tag\n");
  });

  it("asks for no tag that is none, with one sentence and exit code 2", async () => {
    for (const [words, sentence] of [
      [["tag", MACHINE.id, "fine", "Room 12"], /^A tag must be 1 to 40 of .*; "Room 12" is none\.\n$/],
      [["untag", MACHINE.id, "--all"], /^Nonexistent flag: --all/],
      [["tag", MACHINE.id], /^Missing 1 required arg: tag\./],
      [["tag", "", "fine"], /^Name the machine/],
    ] as const) {
      const { code, stdout, stderr } = await ozone("machine", ...words);
      expect([code, stdout, stderr]).toEqual([2, "", expect.stringMatching(sentence)]);
    }
    const second = Object.assign(clone(MachineSchema, MACHINE), { id: "m-2" });
    fake.answers.set("MachineService.listMachines", () => ({ machines: [MACHINE, second] }));
    const either = await ozone("machine", "tag", MACHINE.name, "fine");
    expect([either.code, either.stderr]).toEqual([
      2,
      expect.stringMatching(/^2 machines match; give the id of one: .*m-2 \(lab-pc-17\)/),
    ]);
    const nobody = await ozone("machine", "tag", "nowhere", "fine");
    expect([nobody.code, nobody.stderr]).toEqual([
      1,
      expect.stringMatching(/^There is no machine "nowhere"/),
    ]);
  });

  it("hands tags over to a sweep, from flags and from a file, where each is checked", async () => {
    writeFileSync(join(folder, "lab.yaml"), "tags: [lab-a, gpu]\n");
    await ozone("sweep", "run", "lab.yaml", "--detach");
    await ozone("sweep", "run", "lab.yaml", "--detach", "--tag", "canary", "--tag", "gpu,x");
    expect(fake.started.map(({ tags }) => tags)).toEqual([
      ["lab-a", "gpu"],
      ["canary", "gpu", "x"],
    ]);
    writeFileSync(join(folder, "lab.yaml"), "name: x\ntags: [lab-a, Lab B]\n");
    const wrong = await ozone("sweep", "run", "lab.yaml");
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringMatching(/^lab\.yaml:2:15: tags must be 1 to 40 of .*, not "Lab B"\.\n$/),
    ]);
  });
});

describe("ozone model advise", () => {
  it("shows what the class measured, with n, interval and provenance, for a machine by name or id", async () => {
    for (const machine of [[], ["--machine", MACHINE.name], ["--machine", MACHINE.id]]) {
      const { code, stdout } = await ozone("model", "advise", "--json", ...machine);
      const { covers, models } = JSON.parse(stdout);
      expect(covers).toContain("nothing about the quality");
      expect(models).toMatchObject([
        {
          modelName: MODEL,
          provenance: "synthetic",
          room: { word: "fits", numCtx: 8192, needBytes: null },
          speed: { basis: "measured", numCtx: 8192, decode: { n: 6 }, onThisMachine: true },
        },
      ]);
      expect(code).toBe(0);
    }
  });

  it("asks which machine where there are several, and names them where there is no such one", async () => {
    const second = clone(MachineSchema, MACHINE);
    second.id = "m-2";
    fake.answers.set("MachineService.listMachines", () => ({ machines: [MACHINE, second] }));
    const many = await ozone("model", "advise");
    expect([many.code, many.stdout]).toEqual([2, ""]);
    expect(many.stderr).toMatch(/^2 machines match; add --machine with an id: .*m-2 \(lab-pc-17\) .*\.\n$/);
    const none = await ozone("model", "advise", "--machine", "nowhere");
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/^There is no machine "nowhere"; there are .*\.\n$/);
    fake.answers.set("MachineService.listMachines", () => ({ machines: [] }));
    expect((await ozone("model", "advise")).stderr).toContain("`ozone up` starts an agent here");
  });
});

describe("ozone report build", () => {
  it("writes the seed's files with every sample and the page, and nothing else", async () => {
    expect((await ozone("report", "build")).code).toBe(0);
    const out = join(folder, "ozone_results");
    expect(readdirSync(out).sort()).toEqual([
      "defaults",
      "env",
      "logs",
      "report.html",
      "report.md",
      "summaries",
    ]);
    const presets = parseYaml(readFileSync(join(out, "defaults", "ozone-synthetic_30m.yaml"), "utf8"));
    expect(presets.presets.fast_response).toMatchObject({ num_ctx: 4096, status: "preliminary" });
    expect(presets.provenance).toBe("synthetic");
    const lines = readFileSync(join(out, "logs", "ozone-synthetic_30m.jsonl"), "utf8")
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).sample === null)).toEqual([false, false, true]);
    expect(readFileSync(join(out, "env", "m-1f2e3d4c5b.json"), "utf8")).not.toMatch(
      /lab-pc-17|alice|room-12/,
    );
  });

  it("says in one sentence that a folder can't be written to", async () => {
    writeFileSync(join(folder, "taken"), "a file");
    const { code, stderr } = await ozone("report", "build", "--out", "taken");
    expect(stderr).toMatch(/^Cannot write taken\/defaults\/.*; choose another folder with --out\.\n$/);
    expect(code).toBe(1);
  });
});

describe("the program itself", () => {
  it("prints its version and its help and ends with 0", async () => {
    expect((await ozone("--version")).stdout).toMatch(/^ozone\/\d+\.\d+\.\d+ /);
    expect(JSON.parse((await ozone("--version", "--json")).stdout)).toHaveProperty("version");
    const help = await ozone("--help");
    expect(help.stdout).toContain("quickstart");
    expect(help.code).toBe(0);
  });
});
