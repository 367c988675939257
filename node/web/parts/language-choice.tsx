/** The languages, each by its own name. */
import { useContext } from "preact/hooks";
import { type Language, languages, LocaleContext } from "../locale.tsx";

export function LanguageChoice() {
  const { language, words, choose } = useContext(LocaleContext);
  return (
    <label class="language">
      <span class="unseen">{words.language}</span>
      <select value={language} onChange={(event) => choose(event.currentTarget.value as Language)}>
        {Object.entries(languages).map(([tag, { ownName }]) => (
          <option key={tag} value={tag} lang={tag}>
            {ownName}
          </option>
        ))}
      </select>
    </label>
  );
}
