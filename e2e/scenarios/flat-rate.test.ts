// A server whose decode rate does not depend on depth is shown as flat: the counterpart of physics.test.ts, on a
// scripted server. Through `ozone-agent bench`, the door that anyone can use.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flatPace, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, expect, it } from "vitest";
import { decodeRate, honestBench } from "../setup/bench.ts";

const folder = mkdtempSync(join(tmpdir(), "ozone-flat-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the decode rate over depth", () => {
  it("is shown as flat for a server whose rate is flat", async () => {
    const server = await startScriptedOllama({
      pace: flatPace({ prefillTokensPerSecond: 20_000, decodeTokensPerSecond: 100 }),
    });
    try {
      const model = JSON.parse(await (await fetch(`${server.url}/api/tags`)).text()).models[0].name as string;
      const where = { url: server.url, model, dataDir: folder };
      const shallow = await honestBench({ ...where, numCtx: 1024 });
      const deep = await honestBench({ ...where, numCtx: 8192 });
      expect(decodeRate(deep) / decodeRate(shallow)).toBeGreaterThan(0.95);
      expect(decodeRate(deep) / decodeRate(shallow)).toBeLessThan(1.05);
    } finally {
      await server.stop();
    }
  });
});
