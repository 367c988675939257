/** The languages, each by its own name. */
import { type Language, languages, useLocale } from "./locale.tsx";

export function LanguageChoice() {
  const { language, words, choose } = useLocale();
  return (
    <fieldset class="choice">
      <legend>{words.language}</legend>
      {Object.entries(languages).map(([tag, { ownName }]) => (
        <label key={tag} lang={tag}>
          <input
            type="radio"
            name="language"
            checked={tag === language}
            onChange={() => choose(tag as Language)}
          />
          {ownName}
        </label>
      ))}
    </fieldset>
  );
}
