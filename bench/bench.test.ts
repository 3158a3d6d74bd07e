import { describe, expect, it } from "vitest";
import { bench } from "./bench.ts";
import type { Claim, Finding } from "./claim.ts";

const finding = (change: Partial<Finding> = {}): Finding => ({
  ...{ name: "fast", value: 1, unit: "ms", goal: { most: 2 }, low: null, high: null, n: 9 },
  ...change,
});

const claim = (name: string, findings: readonly Finding[] = [finding({ name })], long = false): Claim => ({
  ...{ name, about: "a claim of the tests", long },
  run: async () => findings,
});

const broken: Claim = {
  ...{ name: "broken", about: "it throws", long: false },
  run: () => Promise.reject(new Error("the disk is full")),
};

async function run(argv: readonly string[], claims: readonly Claim[]) {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await bench(argv, claims, { stdout: stream("stdout"), stderr: stream("stderr") });
  const lastLine = written.stdout.trimEnd().split("\n").at(-1) ?? "";
  return { code, ...written, document: () => JSON.parse(lastLine) as { claims: Record<string, unknown>[] } };
}

const namesOf = (seen: Awaited<ReturnType<typeof run>>) => seen.document().claims.map(({ name }) => name);
const all = [
  claim("honesty_caught"),
  claim("honesty_refused"),
  claim("cli"),
  claim("drain", undefined, true),
];

describe("the last line", () => {
  it("is one JSON object with exactly the fields of the contract", async () => {
    const seen = await run(
      ["--json"],
      [claim("cli", [finding({ name: "cli", low: 0.5, detail: "more words" })])],
    );
    expect(seen.document()).toEqual({
      claims: [{ name: "cli", value: 1, unit: "ms", goal: "<= 2", holds: true, low: 0.5, high: null, n: 9 }],
    });
    expect(seen.code).toBe(0);
  });

  it("is no JSON without --json, and the table has the details", async () => {
    const seen = await run([], [claim("cli", [finding({ name: "cli", detail: "more words" })])]);
    expect(() => seen.document()).toThrow();
    expect(seen.stdout).toContain("cli: more words");
  });

  it.each([
    [{ least: 0.6 }, ">= 0.6"],
    [{ most: 4 }, "<= 4"],
    [{ least: 0.97, most: 1.03 }, "0.97 to 1.03"],
    [{}, "informative"],
  ])("says the goal %o in words", async (goal, words) => {
    const seen = await run(["--json"], [claim("cli", [finding({ goal })])]);
    expect(seen.document().claims[0]?.goal).toBe(words);
  });
});

describe("a finding holds by the end of its interval that faces the goal", () => {
  it.each([
    ["least, low end reaches it", { goal: { least: 1 }, value: 1.5, low: 1, high: 9 }, true],
    ["least, only the value reaches it", { goal: { least: 1 }, value: 1.5, low: 0.99, high: 9 }, false],
    ["most, high end within", { goal: { most: 2 }, value: 1, low: 0, high: 2 }, true],
    ["most, only the value within", { goal: { most: 2 }, value: 1, low: 0, high: 2.01 }, false],
    ["most, no interval", { goal: { most: 2 }, value: 2 }, true],
    ["both, inside", { goal: { least: 0.9, most: 1.1 }, value: 1, low: 0.9, high: 1.1 }, true],
    ["both, out below", { goal: { least: 0.9, most: 1.1 }, value: 1, low: 0.8, high: 1 }, false],
    ["both, out above", { goal: { least: 0.9, most: 1.1 }, value: 1, low: 1, high: 1.2 }, false],
    ["no goal", { goal: {}, value: 99 }, true],
    ["no number", { value: Number.NaN }, false],
    ["an end that is no number", { high: Number.NaN }, false],
    ["nothing counted", { n: 0 }, false],
  ] satisfies [string, Partial<Finding>, boolean][])("%s", async (_what, change, holds) => {
    const seen = await run(["--json"], [claim("cli", [finding(change)])]);
    expect(seen.document().claims[0]?.holds).toBe(holds);
    expect(seen.code).toBe(holds ? 0 : 1);
  });
});

describe("--only", () => {
  it("selects every claim whose name starts with it", async () => {
    expect(namesOf(await run(["--json", "--only", "honesty"], all))).toEqual([
      "honesty_caught",
      "honesty_refused",
    ]);
    expect(namesOf(await run(["--json", "--only", "cli,honesty_refused"], all))).toEqual([
      "honesty_refused",
      "cli",
    ]);
  });

  it.each(["", "speed", "cli,speed"])(
    "ends with 2 and one sentence for %o, running nothing",
    async (names) => {
      const seen = await run(["--json", "--only", names], all);
      expect(seen.code).toBe(2);
      expect(seen.stdout).toBe("");
      expect(seen.stderr.trim().split("\n")).toHaveLength(1);
      expect(seen.stderr).toContain("honesty_caught, honesty_refused, cli, drain");
    },
  );

  it("does not run a long claim unless told that it may take long", async () => {
    expect(await run(["--only", "drain"], all)).toMatchObject({ code: 2, stdout: "" });
    expect(namesOf(await run(["--json", "--only", "drain", "--long"], all))).toEqual(["drain"]);
    const everything = await run(["--json"], all);
    expect(namesOf(everything)).toEqual(["honesty_caught", "honesty_refused", "cli"]);
    expect(everything.stderr).toContain("drain takes long");
  });
});

describe("a claim that can't be shown", () => {
  it("is not held when it throws, and the others still run", async () => {
    const seen = await run(["--json"], [broken, claim("cli")]);
    expect(seen.code).toBe(1);
    expect(seen.document().claims).toMatchObject([
      { name: "broken", value: null, holds: false },
      { name: "cli", holds: true },
    ]);
    expect(seen.stdout).toContain("broken: the disk is full");
  });

  it("is not held when it reports nothing", async () => {
    const seen = await run(["--json"], [claim("empty", [])]);
    expect(seen).toMatchObject({ code: 1 });
    expect(seen.document().claims[0]).toMatchObject({ name: "empty", holds: false });
  });
});

it("refuses unknown flags with one sentence", async () => {
  const seen = await run(["--quick"], all);
  expect(seen.code).toBe(2);
  expect(seen.stderr.trim().split("\n")).toHaveLength(1);
});
