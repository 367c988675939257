/**
 * Tests that are written for mocha, run where there is no mocha: in a page of a browser. Defining them there and
 * here gives the same titles, so that each is reported under its own.
 */

export type CollectedTest = { readonly title: string; readonly run: () => Promise<void> };

type Step = () => unknown;
type Block = {
  readonly titles: readonly string[];
  readonly before: readonly Step[];
  readonly after: readonly Step[];
};

/** What `define` would have mocha run, each with what comes before and after it. */
export function collectTests(define: () => void): CollectedTest[] {
  const tests: CollectedTest[] = [];
  let block: Block = { titles: [], before: [], after: [] };
  const words = {
    describe(title: string, body: () => void) {
      const outer = block;
      block = { ...outer, titles: [...outer.titles, title] };
      body();
      block = outer;
    },
    beforeEach(step: Step) {
      block = { ...block, before: [...block.before, step] };
    },
    afterEach(step: Step) {
      block = { ...block, after: [step, ...block.after] };
    },
    it(title: string, step: Step) {
      const { titles, before, after } = block;
      const run = async () => {
        for (const each of before) await each();
        try {
          await step();
        } finally {
          for (const each of after) await each();
        }
      };
      tests.push({ title: [...titles, title].join(" "), run });
    },
  };
  const mocha = Object.keys(words).map((word) => [word, Reflect.get(globalThis, word)] as const);
  Object.assign(globalThis, words);
  try {
    define();
  } finally {
    Object.assign(globalThis, Object.fromEntries(mocha));
  }
  return tests;
}
