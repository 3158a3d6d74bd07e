import { describe, expect, it } from "vitest";
import { coordinatorProblem, featureProblem, PROTOCOL_VERSION, versionProblem } from "./protocol-version.ts";

const speaking = (protocolVersion: number) => ({ name: "lab-1", agentVersion: "9.9.9", protocolVersion });

describe("agents and coordinators of several releases", () => {
  it("work together with one release between them, in both directions", () => {
    for (const theirs of [3, 4, 5]) expect(versionProblem(speaking(theirs), 4)).toBeNull();
    for (const theirs of [3, 4, 5]) expect(coordinatorProblem(theirs, 4)).toBeNull();
  });

  it("give a machine two releases behind no orders, with one sentence that says what to do", () => {
    expect(versionProblem(speaking(2), 4)).toBe(
      "lab-1 runs agent 9.9.9 (protocol 2), and this coordinator speaks protocol 4 and works with 3 to 5: it gets no orders; install an agent of the coordinator's release there (docs/upgrading.md).",
    );
    expect(coordinatorProblem(6, 4)).toBe(
      "The coordinator speaks protocol 6 and this agent protocol 4: it gets no orders; upgrade this agent (docs/upgrading.md).",
    );
  });

  it("ask for another coordinator where the agent is two releases ahead", () => {
    expect(versionProblem(speaking(6), 4)).toContain("upgrade the coordinator first");
    expect(coordinatorProblem(2, 4)).toContain("upgrade the coordinator first");
  });

  it("take who says no number for 0.1.0", () => {
    expect(versionProblem(speaking(0))).toBe(versionProblem(speaking(1)));
    expect(versionProblem(speaking(0), 2)).toBeNull();
    expect(versionProblem(speaking(0), 3)).toContain("(protocol 1)");
    expect(coordinatorProblem(0, 2)).toBeNull();
  });
});

describe("what only newer agents know", () => {
  it("is refused to older ones with a sentence that names the machine and its version", () => {
    expect(featureProblem({ name: "lab-1", agentVersion: "0.1.0", protocolVersion: 0 }, "shared fills")).toBe(
      "lab-1 runs agent 0.1.0 (protocol 1), which does not know shared fills (protocol 2 on); upgrade the agent there (docs/upgrading.md).",
    );
  });

  it("is given to agents of now, and to newer ones", () => {
    for (const theirs of [PROTOCOL_VERSION, PROTOCOL_VERSION + 1])
      expect(featureProblem(speaking(theirs), "applying presets")).toBeNull();
  });
});
