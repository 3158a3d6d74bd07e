CREATE TABLE "leadership" (
	"id" integer PRIMARY KEY NOT NULL,
	"term" bigint NOT NULL,
	"holder" text NOT NULL,
	"name" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "leadership_term" UNIQUE("term")
);
