/** The payment page. */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LanguageContext, presentLanguage, wordsIn } from "./locale.ts";
import { Pay } from "./parts/pay.tsx";

function Page() {
  const [language, setLanguage] = useState(presentLanguage);
  const words = wordsIn(language);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = words.title;
  }, [language]);
  const other = language === "en" ? "zh" : "en";
  return (
    <LanguageContext.Provider value={language}>
      <header>
        <span>tallystick</span>
        <button type="button" lang={other} onClick={() => setLanguage(other)}>
          {words.language}
        </button>
      </header>
      <main>
        <Pay order={location.hash.slice(1)} />
      </main>
    </LanguageContext.Provider>
  );
}

render(<Page />, document.getElementById("app")!);
