import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findNatsServer, natsVersion } from "./nats-binary.ts";
import { openStage, type Stage, testNatsServer } from "./testing/stage.ts";

let stage: Stage;

beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage.close();
});

/** Nothing is on the search path of these tests unless they put it there. */
const find = (options: { searchPath?: string; named?: string } = {}) =>
  findNatsServer({
    cacheDir: join(stage.dir, "cache"),
    log: stage.log,
    searchPath: join(stage.dir, "bin"),
    ...options,
  });

async function fakeProgram(answer: string): Promise<string> {
  const path = join(stage.dir, "bin", "nats-server");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(path, 0o755);
  return path;
}

describe("finding a nats-server", () => {
  it("fetches it from the system's packages when it is nowhere, twice at once without harm, and then has it", async () => {
    const [one, other] = await Promise.all([find(), find()]);
    expect(one).toEqual({ ...other, source: "debian" });
    expect(await natsVersion(one.path)).toBe(one.version);
    const kept = await readdir(join(stage.dir, "cache"));
    expect(kept).toEqual([`nats-server-${one.version}`]);
    expect(await find()).toEqual({ ...one, source: "cache" });
  });

  it("prefers one on PATH, and passes over one that is broken or too old", async () => {
    const real = await testNatsServer();
    const good = dirname(real.path);
    expect(await find({ searchPath: good })).toEqual({ ...real, source: "PATH" });
    await fakeProgram("nats-server: v2.1.9");
    expect(await find({ searchPath: `${join(stage.dir, "bin")}:${good}` })).toEqual({
      ...real,
      source: "PATH",
    });
    expect(stage.lines.join("\n")).toMatch(/Passed over: .* is nats-server 2\.1\.9, too old/);
  });

  it("uses a named one and no other", async () => {
    const real = await testNatsServer();
    expect(await find({ named: real.path })).toEqual({ ...real, source: "named" });
    const wrong = await fakeProgram("hello");
    await expect(find({ named: wrong })).rejects.toThrow(/is not a nats-server \(it answered "hello/);
    await expect(find({ named: join(stage.dir, "none") })).rejects.toThrow(/ENOENT.*OZONE_NATS_SERVER/);
  });
});
