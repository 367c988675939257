/** Whether the bank has heard of everything, and since when. */
import { useLocale } from "./locale.tsx";
import { formatTime } from "../../../web/format.ts";
import { useSession } from "./session.tsx";

export function SyncLine() {
  const { words, tag } = useLocale();
  const { wallet, sync, syncNow } = useSession();
  const waits = wallet.purse.pending().filter(({ reason }) => reason === undefined).length;
  const says =
    sync.isOnline === false
      ? words.offline
      : waits > 0
        ? words.settling
        : sync.lastSync === undefined
          ? words.connecting
          : words.upToDate(formatTime(sync.lastSync, tag));
  return (
    <div class="sync">
      <span class={`dot ${sync.isOnline === true ? "on" : "off"}`} aria-hidden="true" />
      <span role="status">{says}</span>
      <button type="button" class="link" disabled={sync.isBusy} onClick={syncNow}>
        {words.syncNow}
      </button>
    </div>
  );
}
