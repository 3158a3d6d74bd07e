// EnrolmentService: translate only.
import { create } from "@bufbuild/protobuf";
import {
  Admission,
  EnrollResponseSchema,
  type EnrolmentService,
  GetChallengeResponseSchema,
  GetEnrolmentResponseSchema,
} from "@ozone/proto/enrolment_service";
import type { AdmissionState } from "@ozone/shared/enrolment";
import type { Challenges } from "../fleet/challenge.ts";
import { admissionOf, enrolMachine } from "../fleet/enrol-machine.ts";
import type { Arrival } from "../fleet/ways-in.ts";
import type { Store } from "../store/open-store.ts";
import type { CallContext, Handlers } from "./grpc-server.ts";

const ADMISSIONS: Readonly<Record<AdmissionState, Admission>> = {
  pending: Admission.PENDING,
  approved: Admission.APPROVED,
  revoked: Admission.REVOKED,
  removed: Admission.REMOVED,
};

/** State to message. */
export const toAdmission = (state: AdmissionState): Admission => ADMISSIONS[state];

/** What enrolling needs. */
export interface EnrolmentPorts {
  readonly store: Store;
  readonly challenges: Challenges;
  /** Where a machine finds the bus, without any password. @throws OzoneError where it can't be reached from there */
  readonly busUrl: (arrival: Arrival) => string;
  /** The CA to trust there, PEM; empty: none. */
  readonly busCa: () => Promise<string>;
  /** Has the bus let in whoever the store says. */
  readonly admit: () => Promise<boolean>;
}

const arrivalOf = ({ caller, authority }: CallContext): Arrival => ({
  isOutside: caller.isOutside,
  authority,
});

/** Handlers of the enrolment service. */
export const enrolmentHandlers = ({
  store,
  challenges,
  busUrl,
  busCa,
  admit,
}: EnrolmentPorts): Handlers<typeof EnrolmentService> => ({
  getChallenge: async () => create(GetChallengeResponseSchema, { nonce: challenges.make() }),
  enroll: async (request, call) => {
    // Before the token is used up: a machine that can't reach the bus has nothing of its enrolment.
    busUrl(arrivalOf(call));
    const state = await enrolMachine(store, challenges, request);
    if (state === "approved") await admit();
    return create(EnrollResponseSchema, { machineId: request.machineId, admission: toAdmission(state) });
  },
  getEnrolment: async (request, call) => {
    const state = await admissionOf(store, challenges, request);
    return create(GetEnrolmentResponseSchema, {
      admission: toAdmission(state),
      ...(state === "approved" ? { busUrl: busUrl(arrivalOf(call)), busCa: await busCa() } : {}),
    });
  },
});
