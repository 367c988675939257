/** The sentences by language. */
import type { Language } from "../../protocol/refusal-words.ts";
import { en, type ExplainWords } from "./en.ts";
import { zh } from "./zh.ts";

export const words: Readonly<Record<Language, ExplainWords>> = { en, zh };
