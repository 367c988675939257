/** A record: where it is and why, in plain words; what proves it; and where its money came from and went. */
import { useState } from "preact/hooks";
import type { Hex } from "../../../protocol/bytes.ts";
import { api, type Explanation } from "../api.ts";
import { useConsortium, useFormat, useLanguage, useWords } from "../locale.tsx";
import { TraceCard } from "../parts/trace-card.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { checkSettlement, isUnderRoot } from "../settlement.ts";
import { useAnswer } from "../use-answer.ts";

export function RecordView({ id, turn }: { readonly id: string; readonly turn: number }) {
  const words = useWords();
  const language = useLanguage();
  const { value: explanation, error } = useAnswer(
    () => api.explain(id, language),
    [id, language, turn],
  );
  return (
    <View title={words.record}>
      <p class="full">{id}</p>
      <Trouble error={error} />
      {explanation !== undefined && (
        <div class="cards">
          <Explained explanation={explanation} />
          {explanation.status.state === "applied" && (
            <Proof id={id} isSettled={explanation.status.settled === true} />
          )}
        </div>
      )}
      <TraceCard from={id} turn={turn} />
    </View>
  );
}

function Explained({ explanation: { status, sentences } }: { readonly explanation: Explanation }) {
  const words = useWords();
  const { state, seq, cycle, settled } = status;
  if (state === "unknown")
    return (
      <Card title={words.explained}>
        <p>{words.unknownRecord}</p>
      </Card>
    );
  return (
    <Card title={words.explained}>
      <p>
        <span class={`badge ${state}`}>{words.states[state]}</span>{" "}
        {seq !== undefined && `${words.event} ${seq}`}
        {cycle !== undefined &&
          ` · ${words.cycle(cycle)}, ${settled === true ? words.settled : words.notSettled}`}
      </p>
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </Card>
  );
}

type Found = { readonly lines: readonly string[] } | { readonly error: unknown } | "busy";

function Proof({ id, isSettled }: { readonly id: string; readonly isSettled: boolean }) {
  const words = useWords();
  const { number } = useFormat();
  const { network } = useConsortium();
  const [found, setFound] = useState<Found>();
  const check = async (): Promise<Found> => {
    const inclusion = await api.inclusion(id);
    const { cycle, index } = inclusion;
    const settlement = await api.settlement(cycle);
    const { signed, validators, blockNumber } = checkSettlement(settlement, network, {
      number: cycle,
    });
    const { checkpoint } = settlement;
    if (!isUnderRoot(id as Hex, inclusion, checkpoint)) throw new Error("not under the root");
    return {
      lines: [
        words.quorumHolds(signed, validators, blockNumber),
        words.inclusionHolds(number(index + 1), number(checkpoint.applied), cycle),
      ],
    };
  };
  const verify = () => {
    setFound("busy");
    check().then(setFound, (error: unknown) => setFound({ error }));
  };
  return (
    <Card title={words.proof} hint={words.proofHint}>
      {isSettled ? (
        <button type="button" class="primary" disabled={found === "busy"} onClick={verify}>
          {found === "busy" ? words.verifying : words.verify}
        </button>
      ) : (
        <p>{words.otherCycle}</p>
      )}
      <div role="status">
        {found !== undefined && found !== "busy" && <Verdict found={found} />}
      </div>
    </Card>
  );
}

export function Verdict({ found }: { readonly found: Exclude<Found, "busy"> }) {
  const words = useWords();
  if ("error" in found)
    return (
      <>
        <p class="verdict bad">{words.notVerified}</p>
        <Trouble error={found.error} />
      </>
    );
  return (
    <>
      <p class="verdict good">{words.verified}</p>
      {found.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
    </>
  );
}
