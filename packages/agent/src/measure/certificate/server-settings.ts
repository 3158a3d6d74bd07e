// Settings of the server that are no options of a request: are they in force, as the server or its log shows?
import { type AttemptFacts, loadOf, type SampleFacts } from "./facts.ts";

/** What is known of one option or setting. */
export interface OptionFinding {
  readonly verdict: "in force" | "not in force" | "unseen";
  readonly words: string;
}

/** A setting of the server: what was asked for, and what it or its log shows. */
interface SeenSetting {
  readonly name: string;
  readonly asked: string;
  readonly seen: string | null;
}

/** Flash attention where asked for; on a managed server its parallel slots. */
export function serverSettings(sample: SampleFacts, attempt: AttemptFacts): OptionFinding[] {
  const { flashAttention, concurrency } = attempt.configuration;
  const effective = loadOf(attempt, sample)?.state.effective;
  const { logged } = attempt;
  const flash =
    typeof effective?.flash_attention === "boolean" ? effective.flash_attention : logged?.flashAttention;
  const slots = typeof effective?.num_parallel === "number" ? effective.num_parallel : logged?.parallel;
  const asked: SeenSetting[] = [];
  if (flashAttention !== "") {
    asked.push({
      name: "flash_attention",
      asked: flashAttention,
      seen: flash == null ? null : flash ? "on" : "off",
    });
  }
  if (logged !== null && concurrency > 1) {
    asked.push({
      name: "num_parallel",
      asked: String(concurrency),
      seen: slots == null ? null : String(slots),
    });
  }
  return asked.map((setting) => settingFinding(setting, logged?.complaint ?? null));
}

function settingFinding({ name, asked, seen }: SeenSetting, complaint: string | null): OptionFinding {
  if (seen === null) return { verdict: "unseen", words: `neither the server nor its log shows ${name}` };
  if (seen === asked) return { verdict: "in force", words: `${name} ${seen} in force` };
  const why = complaint === null ? "" : ` (its log: ${complaint})`;
  return { verdict: "not in force", words: `${name} is ${seen}, ${asked} was set${why}` };
}
