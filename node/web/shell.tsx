/** The frame of every view: language, ways around, search, and whether the node still answers. */
import { useEffect, useState } from "preact/hooks";
import { keepLanguage, languageOf, tagOf } from "../../web/language.ts";
import { isRefusal } from "../../protocol/refusal.ts";
import { api, ApiProblem, type Consortium, forgetToken, hasToken, takeToken } from "./api.ts";
import { type Live, useLive } from "./live.ts";
import { ConsortiumContext, type Language, languages, LocaleContext, useWords } from "./locale.tsx";
import { LanguageChoice } from "./parts/language-choice.tsx";
import { Trouble } from "./parts/trouble.tsx";
import { hrefOf, type Route, useRoute } from "./route.ts";
import { useAnswer } from "./use-answer.ts";
import { Checkpoints } from "./views/checkpoints.tsx";
import { Disclosures } from "./views/disclosures.tsx";
import { Disputes } from "./views/disputes.tsx";
import { OwnerView } from "./views/owner.tsx";
import { Overview } from "./views/overview.tsx";
import { RecordView } from "./views/record.tsx";
import { TraceView } from "./views/trace.tsx";

const tags = Object.keys(languages) as Language[];
takeToken();

export function Shell() {
  const [language, setLanguage] = useState<Language>(() => languageOf(tags));
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const locale = { language, tag: tagOf(language), words: languages[language], choose };
  return (
    <LocaleContext.Provider value={locale}>
      {hasToken() ? <Open /> : <Closed />}
    </LocaleContext.Provider>
  );
}

function Closed() {
  const words = useWords();
  useEffect(() => {
    document.title = `${words.noToken} · Tallystick`;
  });
  return (
    <main class="closed">
      <h1>{words.noToken}</h1>
      <p>{words.noTokenHint}</p>
      <LanguageChoice />
    </main>
  );
}

function Open() {
  const words = useWords();
  const live = useLive();
  const { value: consortium, error } = useAnswer(() => api.consortium(), [live.turn]);
  if (error instanceof ApiProblem && error.code === "unauthorised") {
    forgetToken();
    return <Closed />;
  }
  if (consortium === undefined)
    return (
      <main class="closed">
        <h1>Tallystick</h1>
        {error === undefined ? <p>{words.loading}</p> : <Trouble error={error} />}
      </main>
    );
  return (
    <ConsortiumContext.Provider value={consortium}>
      <Frame live={live} consortium={consortium} />
    </ConsortiumContext.Provider>
  );
}

const views = ["overview", "disputes", "disclosures", "checkpoints"] as const;

function Frame({ live, consortium }: { readonly live: Live; readonly consortium: Consortium }) {
  const words = useWords();
  const route = useRoute();
  const present = route.view === "" ? "overview" : route.view;
  return (
    <>
      <a class="skip" href="#content" onClick={toContent}>
        {words.skip}
      </a>
      <header class="top">
        <p class="brand">
          Tallystick <span>{words.title}</span>
        </p>
        <nav aria-label={words.views}>
          {views.map((view) => (
            <a
              key={view}
              href={view === "overview" ? "#/" : `#/${view}`}
              aria-current={view === present ? "page" : undefined}
            >
              {words[view]}
            </a>
          ))}
        </nav>
        <Search />
        <p class="live" role="status">
          <span class={live.isConnected ? "dot on" : "dot"} aria-hidden="true" />
          {live.isConnected ? words.live : words.offline}
        </p>
        <LanguageChoice />
      </header>
      <main id="content" tabIndex={-1}>
        <View route={route} live={live} consortium={consortium} />
      </main>
    </>
  );
}

/** The address's fragment is the view's: it is not to be followed. */
function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

type ViewProps = {
  readonly route: Route;
  readonly live: Live;
  readonly consortium: Consortium;
};

function View({ route: { view, about }, live: { turn }, consortium }: ViewProps) {
  switch (view) {
    case "record":
      return <RecordView key={about} id={about} turn={turn} />;
    case "owner":
      return <OwnerView key={about} owner={about} turn={turn} />;
    case "trace":
      return <TraceView key={about} from={about} turn={turn} />;
    case "disputes":
      return <Disputes turn={turn} />;
    case "disclosures":
      return <Disclosures turn={turn} />;
    case "checkpoints":
      return <Checkpoints turn={turn} />;
    default:
      return <Overview turn={turn} consortium={consortium} />;
  }
}

function Search() {
  const words = useWords();
  const [text, setText] = useState("");
  const [isNothing, setNothing] = useState(false);
  const find = (event: Event) => {
    event.preventDefault();
    try {
      location.hash = hrefOf(text);
      setNothing(false);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      setNothing(true);
    }
  };
  return (
    <search>
      <form onSubmit={find}>
        <label>
          <span class="unseen">{words.search}</span>
          <input
            type="search"
            placeholder={words.searchHint}
            value={text}
            spellcheck={false}
            aria-invalid={isNothing}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit">{words.find}</button>
      </form>
      {isNothing && (
        <p class="notice bad" role="alert">
          {words.searchNothing}
        </p>
      )}
    </search>
  );
}
