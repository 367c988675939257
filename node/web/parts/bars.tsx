/** Amounts beside each other as bars of one length in all: whose share is how large. */
export type Bar = { readonly name: string; readonly value: bigint };

const WIDTH = 1_000;

export function Bars({ bars, label }: { readonly bars: readonly Bar[]; readonly label: string }) {
  const total = bars.reduce((sum, { value }) => sum + value, 0n);
  if (total === 0n) return null;
  let at = 0n;
  return (
    <svg
      class="bars"
      viewBox={`0 0 ${WIDTH} 24`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bars.map(({ name, value }, i) => {
        const [x, width] = [partOf(at, total), partOf(value, total)];
        at += value;
        return <rect key={name} class={`share s${i % 6}`} x={x} y="0" width={width} height="24" />;
      })}
    </svg>
  );
}

function partOf(value: bigint, total: bigint): number {
  return Number((value * BigInt(WIDTH) * 1000n) / total) / 1000;
}
