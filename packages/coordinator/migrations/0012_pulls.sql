CREATE TABLE "pulls" (
	"id" text PRIMARY KEY NOT NULL,
	"machine_id" text NOT NULL,
	"model" text NOT NULL,
	"expected_digest" text DEFAULT '' NOT NULL,
	"state" text NOT NULL,
	"problem" text DEFAULT '' NOT NULL,
	"digest" text DEFAULT '' NOT NULL,
	"completed_bytes" bigint DEFAULT 0 NOT NULL,
	"total_bytes" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "pulls_state" ON "pulls" USING btree ("state","machine_id");