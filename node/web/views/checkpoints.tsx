/** The checkpoints, the latest first: what moved in each cycle, and whether its signatures hold, worked out here. */
import { useState } from "preact/hooks";
import { api, type CheckpointRow } from "../api.ts";
import { useConsortium, useFormat, useWords } from "../locale.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { checkSettlement, type ShownCheckpoint } from "../settlement.ts";
import { useAnswer } from "../use-answer.ts";
import { Verdict } from "./record.tsx";

const SHOWN = 24;

export function Checkpoints({ turn }: { readonly turn: number }) {
  const words = useWords();
  const { value: checkpoints, error } = useAnswer(() => api.checkpoints(), [turn]);
  return (
    <View title={words.checkpoints}>
      <Trouble error={error} />
      {checkpoints?.length === 0 && <p>{words.noCheckpoints}</p>}
      <div class="cards">
        {checkpoints?.slice(0, SHOWN).map((checkpoint) => (
          <One key={checkpoint.number} checkpoint={checkpoint} />
        ))}
      </div>
    </View>
  );
}

function One({ checkpoint }: { readonly checkpoint: CheckpointRow }) {
  const words = useWords();
  const { money, number, nameOf } = useFormat();
  const { number: cycle, supply, applied, positions, stateRoot, settled } = checkpoint;
  return (
    <Card title={words.cycle(cycle)}>
      <p>
        <span class={`badge ${settled ? "applied" : "pending"}`}>
          {settled ? words.settled : words.notSettled}
        </span>{" "}
        <a href={`#/trace/cycle:${cycle}`}>{words.records(number(applied))}</a>
      </p>
      <dl>
        <div>
          <dt>{words.supply}</dt>
          <dd>{money(supply)}</dd>
        </div>
        {positions.map(({ member, delta }) => (
          <div key={member}>
            <dt>{nameOf(member)}</dt>
            <dd>{money(delta)}</dd>
          </div>
        ))}
      </dl>
      <p class="full small" title={words.stateRoot}>
        {stateRoot}
      </p>
      {settled && <Verify shown={{ number: cycle, supply, applied, positions, stateRoot }} />}
    </Card>
  );
}

type Found = Parameters<typeof Verdict>[0]["found"];

function Verify({ shown }: { readonly shown: ShownCheckpoint }) {
  const { number: cycle } = shown;
  const words = useWords();
  const { network } = useConsortium();
  const [found, setFound] = useState<Found | "busy">();
  const check = async (): Promise<Found> => {
    const finding = checkSettlement(await api.settlement(cycle), network, shown);
    const { signed, validators, blockNumber, isBalanced } = finding;
    return {
      lines: [
        words.quorumHolds(signed, validators, blockNumber),
        isBalanced ? words.positionsBalance : words.positionsDiffer,
      ],
    };
  };
  const verify = () => {
    setFound("busy");
    check().then(setFound, (error: unknown) => setFound({ error }));
  };
  return (
    <>
      <button
        type="button"
        class="quiet"
        disabled={found === "busy"}
        aria-label={`${words.verify}: ${words.cycle(cycle)}`}
        onClick={verify}
      >
        {found === "busy" ? words.verifying : words.verify}
      </button>
      <div role="status">
        {found !== undefined && found !== "busy" && <Verdict found={found} />}
      </div>
    </>
  );
}
