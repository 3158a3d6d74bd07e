ALTER TABLE "machine_settings" ADD COLUMN "daily_ms" integer;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "waits" "bytea";--> statement-breakpoint
ALTER TABLE "sweeps" ADD COLUMN "draining_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "results_machine_received" ON "results" USING btree ("machine_id","received_at");