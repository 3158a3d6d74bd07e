CREATE TABLE "machine_tags" (
	"machine_id" text NOT NULL,
	"tag" text NOT NULL,
	"tagged_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "machine_tags_machine_id_tag_pk" PRIMARY KEY("machine_id","tag")
);
--> statement-breakpoint
ALTER TABLE "machine_tags" ADD CONSTRAINT "machine_tags_machine_id_machines_id_fk" FOREIGN KEY ("machine_id") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;