CREATE TABLE "machine_settings" (
	"machine_id" text PRIMARY KEY NOT NULL,
	"given_name" text,
	"paused_at" timestamp with time zone
);
