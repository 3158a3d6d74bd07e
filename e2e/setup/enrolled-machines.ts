// Machines that come to a stack by enrolling, without the program of an agent: what scenarios of identities and of lies
// are told with.
import { createHash } from "node:crypto";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { type Identity, IdentityService } from "@ozone/proto/identity_service";
import type { Machine } from "@ozone/proto/machine";
import { MachineService } from "@ozone/proto/machine_service";
import { announce, type Bus, connectBus, makeMachineKey, signText } from "@ozone/shared/bus";
import { proofText } from "@ozone/shared/enrolment";
import { expect } from "vitest";
import { type Enrolled, enrol } from "../../packages/agent/src/enrolment/enrol.ts";
import { type CoordinatorClient, connectCoordinator } from "../../packages/cli/src/coordinator-client.ts";
import { madeAnnouncement } from "../../packages/coordinator/src/testing/made-sweep.ts";
import type { Stack } from "./stack.ts";

/** A machine on the bus. */
export interface ArrivedMachine {
  readonly bus: Bus;
  readonly machineId: string;
  /** What its connection said of itself. */
  readonly said: string[];
}

/** Their ways to the coordinator of one stack. */
export class EnrolledMachines {
  coordinator: CoordinatorClient;
  readonly #stack: Stack;
  readonly #buses: Bus[] = [];

  private constructor(stack: Stack, address: string) {
    this.#stack = stack;
    this.coordinator = connectCoordinator(address);
  }

  static async of(stack: Stack): Promise<EnrolledMachines> {
    return new EnrolledMachines(stack, (await stack.waitUntilReady())?.grpcAddress ?? "");
  }

  /** After the coordinator was started again. */
  async reconnect(): Promise<void> {
    this.coordinator.close();
    this.coordinator = connectCoordinator((await this.#stack.waitUntilReady())?.grpcAddress ?? "");
  }

  async newToken(machineId = "", approved = true): Promise<string> {
    const asked = { validMs: 60_000n, approved, machineId };
    return (await this.coordinator.call(IdentityService.method.createEnrolmentToken, asked)).secret;
  }

  enrolAs(name: string, token: string | null): Promise<Enrolled> {
    return enrol({
      ...{ name, token, coordinator: this.coordinator.address, trust: null, log: () => undefined },
      ...{ dataDir: this.#stack.agentFolder(name), stop: AbortSignal.timeout(30_000) },
    });
  }

  /** Connects and announces itself, as an agent does. */
  async arrive(name: string, enrolled: Enrolled): Promise<ArrivedMachine> {
    const said: string[] = [];
    const { busUrl: url, identity } = enrolled;
    const bus = await connectBus({ url, identity, name, onStatus: (status) => said.push(status) });
    this.#buses.push(bus);
    const reply = await announce(bus, madeAnnouncement(identity.machineId));
    expect(reply).toMatchObject({ accepted: true });
    return { bus, machineId: identity.machineId, said };
  }

  /** The bytes of an enrolment, signed by this key, to be sent once or more often. */
  async enrolmentOf(token: string, machineId: string, key = makeMachineKey()) {
    const { nonce } = await this.coordinator.call(EnrolmentService.method.getChallenge, {});
    const tokenDigest = createHash("sha256").update(token).digest("hex");
    const { publicKey } = key;
    const proof = proofText({ purpose: "enrol", nonce, machineId, publicKey, tokenDigest });
    return { token, publicKey, machineId, name: "lab", nonce, signature: signText(key, proof) };
  }

  /** What one is answered. */
  answerTo(request: Awaited<ReturnType<EnrolledMachines["enrolmentOf"]>>): Promise<string> {
    return this.coordinator.call(EnrolmentService.method.enroll, request).then(
      () => "enrolled",
      (thrown: Error) => thrown.message,
    );
  }

  async rawEnroll(token: string, machineId: string, key = makeMachineKey()): Promise<string> {
    return this.answerTo(await this.enrolmentOf(token, machineId, key));
  }

  async known(): Promise<Identity[]> {
    return (await this.coordinator.call(IdentityService.method.listIdentities, {})).identities;
  }

  async machineOf(id: string): Promise<Machine | undefined> {
    const { machines } = await this.coordinator.call(MachineService.method.listMachines, {});
    return machines.find((machine) => machine.id === id);
  }

  async close(): Promise<void> {
    for (const bus of this.#buses) await bus.close();
    this.coordinator.close();
  }
}
