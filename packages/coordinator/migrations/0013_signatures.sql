ALTER TABLE "results" ADD COLUMN "signed_by" text;--> statement-breakpoint
ALTER TABLE "results" ADD COLUMN "signature" "bytea";