/** Something a person has asked for: it is under way, done, or has failed and says why. */
import { useEffect, useRef, useState } from "preact/hooks";

export type Task = {
  readonly isBusy: boolean;
  readonly error: unknown;
  /** Starts it, unless it is under way. @param work is told when the screen has gone. */
  readonly run: (work: (signal: AbortSignal) => Promise<void>) => void;
};

export function useTask(): Task {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(undefined);
  const gone = useRef(new AbortController());
  useEffect(() => {
    gone.current = new AbortController();
    return () => gone.current.abort();
  }, []);
  const perform = async (work: (signal: AbortSignal) => Promise<void>) => {
    const { signal } = gone.current;
    setBusy(true);
    setError(undefined);
    try {
      await work(signal);
    } catch (failure) {
      if (!signal.aborted) setError(failure);
      else if (failure !== signal.reason) throw failure;
    } finally {
      if (!signal.aborted) setBusy(false);
    }
  };
  const run: Task["run"] = (work) => {
    if (!isBusy) void perform(work);
  };
  return { isBusy, error, run };
}
