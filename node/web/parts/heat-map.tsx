/** What moved between members as a table whose cells are the darker the more: it is read and looked at alike. */
import type { Flows } from "../api.ts";
import { useFormat, useWords } from "../locale.tsx";

export type HeatMapProps = {
  readonly members: readonly number[];
  readonly flows: Flows["flows"];
  readonly label: string;
};

/** How many shades there are above nothing. */
const SHADES = 5n;

export function HeatMap({ members, flows, label }: HeatMapProps) {
  const words = useWords();
  const { money, nameOf } = useFormat();
  const amounts = new Map(flows.map(({ from, to, amount }) => [`${from} ${to}`, BigInt(amount)]));
  const most = [...amounts.values()].reduce((a, b) => (a > b ? a : b), 1n);
  return (
    // A table that is wider than the screen is scrolled by keys as well.
    <div class="scroll" tabIndex={0} role="group" aria-label={label}>
      <table class="heat">
        <thead>
          <tr>
            <th scope="col">{words.fromTo}</th>
            {members.map((to) => (
              <th key={to} scope="col" title={nameOf(to)}>
                {nameOf(to)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {members.map((from) => (
            <tr key={from}>
              <th scope="row">{nameOf(from)}</th>
              {members.map((to) => {
                const amount = amounts.get(`${from} ${to}`) ?? 0n;
                const shade = amount === 0n ? 0n : 1n + (amount * (SHADES - 1n)) / most;
                return (
                  <td key={to} class={`h${shade}`}>
                    {amount === 0n ? "–" : money(amount)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
