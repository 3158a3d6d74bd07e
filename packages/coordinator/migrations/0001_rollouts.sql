CREATE TABLE "rollout_targets" (
	"rollout_id" text NOT NULL,
	"position" integer NOT NULL,
	"machine_id" text NOT NULL,
	"machine_name" text NOT NULL,
	"canary" boolean DEFAULT false NOT NULL,
	"state" text NOT NULL,
	"because" text DEFAULT '' NOT NULL,
	"outcome" "bytea",
	"activity" text DEFAULT '' NOT NULL,
	"heard_at" timestamp with time zone,
	CONSTRAINT "rollout_targets_rollout_id_position_pk" PRIMARY KEY("rollout_id","position")
);
--> statement-breakpoint
CREATE TABLE "rollouts" (
	"id" text PRIMARY KEY NOT NULL,
	"request" "bytea" NOT NULL,
	"state" text NOT NULL,
	"because" text DEFAULT '' NOT NULL,
	"stopped" text,
	"stopped_because" text DEFAULT '' NOT NULL,
	"keep_kept" boolean NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "rollout_targets" ADD CONSTRAINT "rollout_targets_rollout_id_rollouts_id_fk" FOREIGN KEY ("rollout_id") REFERENCES "public"."rollouts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rollout_targets_machine" ON "rollout_targets" USING btree ("machine_id","state");--> statement-breakpoint
CREATE INDEX "rollouts_state" ON "rollouts" USING btree ("state");