import { describe, expect, it } from "vitest";
import { engineUrlOf, readConfig } from "./config.ts";

const ENV = { OZONE_NATS_URL: "nats://127.0.0.1:4222", OZONE_DATA_DIR: "/data" };

describe("the agent's configuration", () => {
  it.each([
    [undefined, "http://127.0.0.1:11434"],
    ["lab:11500", "http://lab:11500"],
    ["lab", "http://lab:11434"],
    ["0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["http://127.0.0.1:9999/", "http://127.0.0.1:9999"],
    ["https://ollama.example", "https://ollama.example"],
    [":8080", "http://127.0.0.1:8080"],
  ])("reads OLLAMA_HOST %s as Ollama does", (host, url) => {
    expect(engineUrlOf(host)).toBe(url);
  });

  it("says in one sentence that OLLAMA_HOST is no address", () => {
    expect(() => engineUrlOf("http://a b")).toThrow(/OLLAMA_HOST .* is not an address; write host:11434/);
  });

  it("keeps its data below Ozone's folder, or where it is told", () => {
    expect(readConfig(ENV, []).dataDir).toBe("/data/agent");
    expect(readConfig(ENV, ["--data-dir", "/elsewhere"]).dataDir).toBe("/elsewhere");
  });

  it("knows no bus where none is named: the machine has enrolled, or is about to", () => {
    expect(readConfig({}, [])).toMatchObject({ natsUrl: null, coordinator: null });
    expect(readConfig({ OZONE_GRPC_ADDRESS: "lab:7464" }, []).coordinator).toBe("lab:7464");
  });

  it("works whoever is at the machine, unless it is told how long nobody may have been there", () => {
    expect(readConfig(ENV, []).onlyWhenIdle).toBeNull();
    const on = { ...ENV, OZONE_AGENT_ONLY_WHEN_IDLE: "10m" };
    expect(readConfig(on, []).onlyWhenIdle).toEqual({ quietMs: 600_000, loadCores: 0.5 });
    expect(readConfig(on, ["--only-when-idle", "off"]).onlyWhenIdle).toBeNull();
    expect(readConfig({ ...on, OZONE_AGENT_IDLE_LOAD: "off" }, []).onlyWhenIdle?.loadCores).toBeNull();
    expect(() => readConfig(ENV, ["--only-when-idle", "1s"])).toThrow(/neither off nor a time from 10s/);
    expect(() => readConfig({ ...on, OZONE_AGENT_IDLE_LOAD: "-1" }, [])).toThrow(/number of cores/);
  });

  it("refuses unknown flags and names that could not be shown", () => {
    expect(() => readConfig(ENV, ["--wrong"])).toThrow(/ozone-agent --help/);
    expect(() => readConfig(ENV, ["--name", "a/b"])).toThrow(/can't be used/);
  });
});
