/** Who asked for identities, on what basis, and who has agreed: seals that fill as holders approve. Of whom, it never shows. */
import { api, type DisclosureRow } from "../api.ts";
import { useFormat, useWords } from "../locale.tsx";
import { Command } from "../parts/command.tsx";
import { Trouble } from "../parts/trouble.tsx";
import { Card, View } from "../parts/view.tsx";
import { useAnswer } from "../use-answer.ts";

export function Disclosures({ turn }: { readonly turn: number }) {
  const words = useWords();
  const { number } = useFormat();
  const { value, error } = useAnswer(() => api.disclosures(), [turn]);
  return (
    <View title={words.disclosures}>
      <p class="hint">{words.disclosuresHint}</p>
      <Trouble error={error} />
      {value !== undefined && (
        <p>{words.disclosureCounts(number(value.requests), number(value.grants))}</p>
      )}
      <div class="cards">
        {value?.disclosures.map((row) => (
          <One key={row.id} row={row} />
        ))}
      </div>
    </View>
  );
}

function One({ row }: { readonly row: DisclosureRow }) {
  const words = useWords();
  const { time } = useFormat();
  const { id, requester, epoch, threshold, holders, approvedBy, untilS, isGranted } = row;
  const isOver = untilS * 1000 < Date.now();
  return (
    <Card title={words.disclosure(id)}>
      <p>
        <span class={`badge ${isGranted ? "applied" : "pending"}`}>
          {isGranted
            ? words.granted
            : isOver
              ? words.ended
              : words.needs(Math.max(0, threshold - approvedBy.length))}
        </span>{" "}
        {words.until(time(untilS))}
      </p>
      <Seals row={row} />
      <p class="hint">{words.quorumOfHolders(threshold, holders, epoch)}</p>
      <dl class="hashes">
        <div>
          <dt>{words.requester}</dt>
          <dd class="full small">{requester}</dd>
        </div>
        <div>
          <dt>{words.legalBasis}</dt>
          <dd class="full small">{row.legalBasis}</dd>
        </div>
        <div>
          <dt>{words.subject}</dt>
          <dd class="full small">{row.subject}</dd>
        </div>
      </dl>
      {!isGranted && !isOver && (
        <details>
          <summary>{words.actions}</summary>
          <p class="hint">{words.actionsHint}</p>
          <p>{words.approveDisclosure}</p>
          <Command
            text={`tallystick audit approve ${id} --item item.bin --basis basis.pdf --network network.json --key holder.json`}
          />
        </details>
      )}
    </Card>
  );
}

const SEAL = 34;

/** One for each holder, filled where it approved. */
function Seals({ row: { holders, approvedBy } }: { readonly row: DisclosureRow }) {
  const words = useWords();
  const numbers = Array.from({ length: holders }, (_, i) => i + 1);
  return (
    <svg
      class="seals"
      viewBox={`0 0 ${holders * SEAL} ${SEAL}`}
      width={holders * SEAL}
      height={SEAL}
      role="img"
      aria-label={words.approvedBy(approvedBy.join(", "))}
    >
      {numbers.map((number, i) => {
        const isFilled = approvedBy.includes(number);
        return (
          <g key={number} class={isFilled ? "seal filled" : "seal"}>
            <circle cx={i * SEAL + SEAL / 2} cy={SEAL / 2} r="13" />
            <text x={i * SEAL + SEAL / 2} y={SEAL / 2 + 5}>
              {isFilled ? "✓" : number}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
