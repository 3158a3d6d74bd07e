CREATE TABLE "machines" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"host_id" text NOT NULL,
	"hardware_class" text NOT NULL,
	"announcement" "bytea" NOT NULL,
	"activity" text DEFAULT '' NOT NULL,
	"enrolled_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "presets" (
	"hardware_class" text NOT NULL,
	"model_digest" text NOT NULL,
	"engine_kind" text NOT NULL,
	"engine_version" text NOT NULL,
	"purpose" text NOT NULL,
	"model_name" text NOT NULL,
	"document" "bytea" NOT NULL,
	"refreshed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "presets_hardware_class_model_digest_engine_kind_engine_version_purpose_pk" PRIMARY KEY("hardware_class","model_digest","engine_kind","engine_version","purpose")
);
--> statement-breakpoint
CREATE TABLE "quarantine" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "quarantine_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"machine_id" text NOT NULL,
	"reason" text NOT NULL,
	"digest" text NOT NULL,
	"payload" "bytea" NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "results" (
	"trial_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"machine_id" text NOT NULL,
	"sweep_id" text NOT NULL,
	"target_id" integer NOT NULL,
	"hardware_class" text NOT NULL,
	"model_name" text NOT NULL,
	"model_digest" text NOT NULL,
	"engine_kind" text NOT NULL,
	"engine_version" text NOT NULL,
	"configuration_key" text NOT NULL,
	"purpose" smallint NOT NULL,
	"verdict" smallint NOT NULL,
	"provenance" smallint NOT NULL,
	"failure_class" text,
	"elapsed_ms" double precision NOT NULL,
	"payload" "bytea" NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "results_trial_id_attempt_pk" PRIMARY KEY("trial_id","attempt")
);
--> statement-breakpoint
CREATE TABLE "samples" (
	"trial_id" text NOT NULL,
	"attempt" integer NOT NULL,
	"position" smallint NOT NULL,
	"valid" boolean NOT NULL,
	"prompt_tokens" integer NOT NULL,
	"generated_tokens" integer NOT NULL,
	"prefill_tokens_per_second" double precision,
	"decode_tokens_per_second" double precision,
	"ttft_ms" double precision,
	"inter_token_p50_ms" double precision,
	"inter_token_p95_ms" double precision,
	"failed_checks" text[] NOT NULL,
	CONSTRAINT "samples_trial_id_attempt_position_pk" PRIMARY KEY("trial_id","attempt","position")
);
--> statement-breakpoint
CREATE TABLE "sweep_targets" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "sweep_targets_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"sweep_id" text NOT NULL,
	"machine_id" text NOT NULL,
	"model_name" text NOT NULL,
	"model_digest" text NOT NULL,
	"finished" boolean DEFAULT false NOT NULL,
	"notes" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sweeps" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"request" "bytea" NOT NULL,
	"state" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "attempts" (
	"trial_id" text NOT NULL,
	"number" integer NOT NULL,
	"machine_id" text NOT NULL,
	"state" text NOT NULL,
	"published" boolean DEFAULT false NOT NULL,
	"lease_expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attempts_trial_id_number_pk" PRIMARY KEY("trial_id","number")
);
--> statement-breakpoint
CREATE TABLE "trials" (
	"id" text PRIMARY KEY NOT NULL,
	"sweep_id" text NOT NULL,
	"target_id" integer NOT NULL,
	"machine_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"configuration" "bytea" NOT NULL,
	"protocol" "bytea" NOT NULL,
	"purpose" integer NOT NULL,
	"reason" text NOT NULL,
	"state" text NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"failed_attempts" integer DEFAULT 0 NOT NULL,
	"failure_class" text,
	"failure_message" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "results" ADD CONSTRAINT "results_trial_id_trials_id_fk" FOREIGN KEY ("trial_id") REFERENCES "public"."trials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sweep_targets" ADD CONSTRAINT "sweep_targets_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_trial_id_trials_id_fk" FOREIGN KEY ("trial_id") REFERENCES "public"."trials"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trials" ADD CONSTRAINT "trials_sweep_id_sweeps_id_fk" FOREIGN KEY ("sweep_id") REFERENCES "public"."sweeps"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trials" ADD CONSTRAINT "trials_target_id_sweep_targets_id_fk" FOREIGN KEY ("target_id") REFERENCES "public"."sweep_targets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "machines_hardware_class" ON "machines" USING btree ("hardware_class");--> statement-breakpoint
CREATE UNIQUE INDEX "quarantine_once" ON "quarantine" USING btree ("machine_id","digest");--> statement-breakpoint
CREATE INDEX "results_preset_key" ON "results" USING btree ("hardware_class","model_digest","engine_kind","engine_version");--> statement-breakpoint
CREATE INDEX "results_target" ON "results" USING btree ("target_id");--> statement-breakpoint
CREATE INDEX "results_sweep" ON "results" USING btree ("sweep_id");--> statement-breakpoint
CREATE UNIQUE INDEX "sweep_targets_once" ON "sweep_targets" USING btree ("sweep_id","machine_id","model_digest");--> statement-breakpoint
CREATE INDEX "sweeps_state" ON "sweeps" USING btree ("state");--> statement-breakpoint
CREATE INDEX "attempts_state" ON "attempts" USING btree ("state","lease_expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "trials_ordinal" ON "trials" USING btree ("target_id","ordinal");--> statement-breakpoint
CREATE INDEX "trials_sweep_state" ON "trials" USING btree ("sweep_id","state");--> statement-breakpoint
CREATE INDEX "trials_machine_state" ON "trials" USING btree ("machine_id","state");