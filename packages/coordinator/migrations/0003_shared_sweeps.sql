ALTER TABLE "sweep_targets" ADD COLUMN "share_group" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "sweep_targets" ADD COLUMN "odd_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "trials" ADD COLUMN "for_anyone" boolean DEFAULT false NOT NULL;