ALTER TABLE "results" ADD COLUMN "raw_dropped_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "results_raw" ON "results" USING btree ("received_at") WHERE raw_dropped_at is null;