CREATE TABLE "schedule_runs" (
	"schedule" text NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"outcome" text NOT NULL,
	"because" text DEFAULT '' NOT NULL,
	"sweep_id" text,
	"ends_at" timestamp with time zone,
	CONSTRAINT "schedule_runs_schedule_due_at_pk" PRIMARY KEY("schedule","due_at")
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"name" text PRIMARY KEY NOT NULL,
	"cron" text NOT NULL,
	"time_zone" text NOT NULL,
	"request" "bytea" NOT NULL,
	"window_ms" bigint NOT NULL,
	"late_ms" bigint NOT NULL,
	"paused_at" timestamp with time zone,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "schedule_runs" ADD CONSTRAINT "schedule_runs_schedule_schedules_name_fk" FOREIGN KEY ("schedule") REFERENCES "public"."schedules"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "schedule_runs_sweep" ON "schedule_runs" USING btree ("sweep_id");