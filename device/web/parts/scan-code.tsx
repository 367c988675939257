/** A message from the code that another device shows, by camera or by hand. */
import { useEffect, useRef, useState } from "preact/hooks";
import { watchCodes } from "../../browser/camera.ts";
import { FrameCollector } from "../../qr/frame-collector.ts";
import { TakeOver } from "./by-hand.tsx";
import { useWords } from "./locale.tsx";

export type ScanCodeProps = {
  /** Messages that the other screen may still show, and this one itself. */
  readonly passedOver: readonly Uint8Array[];
  readonly onMessage: (message: Uint8Array) => void;
};

export function ScanCode({ passedOver, onMessage }: ScanCodeProps) {
  const words = useWords();
  const video = useRef<HTMLVideoElement>(null);
  const [progress, setProgress] = useState(0);
  const [isBlind, setBlind] = useState(false);
  const handOver = useRef(onMessage);
  handOver.current = onMessage;
  useEffect(() => {
    const stopping = new AbortController();
    const seen = [...passedOver];
    let collector = new FrameCollector(seen);
    const take = (text: string) => {
      collector.take(text);
      const { message, progress } = collector;
      setProgress(progress);
      if (message === undefined) return;
      // One that is not taken may stay in view: the next is waited for.
      seen.push(message);
      collector = new FrameCollector(seen);
      handOver.current(message);
    };
    watchCodes(video.current!, take, stopping.signal).catch((error: unknown) => {
      if (!(error instanceof DOMException)) throw error;
      if (!stopping.signal.aborted) setBlind(true);
    });
    return () => stopping.abort();
  }, []);
  return (
    <div class="scan">
      <div class="finder" hidden={isBlind}>
        <video ref={video} muted playsInline aria-label={words.cameraPicture} />
      </div>
      {isBlind && (
        <p class="notice" role="status">
          {words.noCamera}
        </p>
      )}
      <progress value={progress} max={1} hidden={isBlind} aria-label={words.codeRead} />
      <TakeOver isOpen={isBlind} onMessage={onMessage} />
    </div>
  );
}
