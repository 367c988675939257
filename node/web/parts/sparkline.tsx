/** Numbers in a row as a line: how they went, the latest last. */
export type SparklineProps = {
  readonly values: readonly number[];
  /** What it shows, for those who do not see it. */
  readonly label: string;
};

const WIDTH = 320;
const HEIGHT = 72;
const EDGE = 4;

export function Sparkline({ values, label }: SparklineProps) {
  const most = Math.max(...values, 1);
  const x = (i: number) => EDGE + (i * (WIDTH - 2 * EDGE)) / Math.max(values.length - 1, 1);
  const y = (value: number) => HEIGHT - EDGE - (value * (HEIGHT - 2 * EDGE)) / most;
  const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
  const last = values.length - 1;
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <polygon points={`${x(0)},${HEIGHT} ${points.join(" ")} ${x(last)},${HEIGHT}`} />
      <polyline points={points.join(" ")} />
      <circle cx={x(last)} cy={y(values[last]!)} r="3.5" />
    </svg>
  );
}
