/**
 * This wallet as the second device of somebody's: what another device of theirs is to pay is typed, or scanned from
 * the payee as that device did, and the code that confirms it is shown. No network is needed.
 */
import { useState } from "preact/hooks";
import { type Owner, ownerOf } from "../../../protocol/key.ts";
import type { SignedRequest } from "../../../protocol/request.ts";
import {
  type Confirmed,
  formatPayeeNumber,
  payeeNumber,
} from "../../../protocol/second-factor-code.ts";
import type { ShownCode, ShownDevice } from "../../second-factor-pad.ts";
import { amountIn, AmountField } from "../parts/amount-field.tsx";
import { useWords } from "../parts/locale.tsx";
import { Money } from "../parts/money.tsx";
import { PayeeField, payeeIn, payeeOf } from "../parts/payee.tsx";
import { usePin } from "../parts/pin.tsx";
import { ScanCode } from "../parts/scan-code.tsx";
import { Screen } from "../parts/screen.tsx";
import { useSession, useWallet } from "../parts/session.tsx";
import { SyncLine } from "../parts/sync-line.tsx";
import { useTask } from "../parts/task.ts";
import { Trouble } from "../parts/trouble.tsx";
import { ConfirmingCode } from "./confirming-code.tsx";

export function SecondDevice() {
  const { purse } = useWallet();
  const devices = purse.secondFactor.shown();
  return devices.length === 0 ? <ShowsNone /> : <Codes devices={devices} />;
}

/** What it is good for, and the way to it. */
export function AboutSecondDevice() {
  const words = useWords();
  return (
    <section>
      <h2>{words.secondDevice}</h2>
      <p>{words.secondDeviceKeeps}</p>
      <a class="link" href="#/second-device">
        {words.showConfirmation}
      </a>
    </section>
  );
}

/** The bank says whose codes are shown, and its word comes with a sync. */
function ShowsNone() {
  const words = useWords();
  const { sync } = useSession();
  return (
    <Screen title={words.secondDevice} back="#/more">
      <p>{words.secondDeviceNone}</p>
      <SyncLine />
      <Trouble error={sync.error} />
    </Screen>
  );
}

type CodesProps = { readonly devices: readonly ShownDevice[] };

function Codes({ devices }: CodesProps) {
  const words = useWords();
  const { purse, facts, money } = useWallet();
  const task = useTask();
  const pin = usePin();
  const [said, setSaid] = useState<Owner | undefined>(undefined);
  const [amountText, setAmountText] = useState("");
  const [payeeText, setPayeeText] = useState("");
  const [request, setRequest] = useState<SignedRequest | undefined>(undefined);
  const [isScanning, setScanning] = useState(false);
  const [code, setCode] = useState<ShownCode | undefined>(undefined);
  const device = devices.find((each) => each.device === said) ?? devices[0]!;
  const amount = amountIn(amountText, facts.currency);
  const payee = payeeIn(payeeText);
  const typed = amount === undefined || payee === undefined ? undefined : { amount, payee };
  const payment = request === undefined ? typed : confirmedBy(request);
  const show = (confirmed: Confirmed) =>
    task.run(() =>
      pin.unlocked(async () => setCode(purse.secondFactor.codeFor(device.device, confirmed))),
    );
  const takeRequest = (bytes: Uint8Array) =>
    task.run(async () => {
      setRequest(purse.checkRequest(bytes));
      setScanning(false);
    });
  if (code !== undefined && payment !== undefined) {
    return (
      <ConfirmingCode
        code={code}
        amount={money(payment.amount)}
        payee={payment.payee}
        onAnother={() => setCode(undefined)}
      />
    );
  }
  if (isScanning) {
    return (
      <Screen
        title={words.scanPayee}
        action={
          <button type="button" class="secondary" onClick={() => setScanning(false)}>
            {words.typeInstead}
          </button>
        }
      >
        <Trouble error={task.error} />
        <ScanCode passedOver={[]} onMessage={takeRequest} />
      </Screen>
    );
  }
  return (
    <Screen
      title={words.secondDevice}
      back="#/"
      action={
        <button
          type="submit"
          form="confirming"
          class="primary"
          disabled={payment === undefined || !pin.isReady || task.isBusy}
        >
          {words.showConfirmation}
        </button>
      }
    >
      <form
        id="confirming"
        onSubmit={(event) => {
          event.preventDefault();
          if (payment !== undefined) show(payment);
        }}
      >
        <DeviceChoice devices={devices} chosen={device} onChoose={setSaid} />
        {request === undefined ? (
          <>
            <AmountField
              label={words.amount}
              text={amountText}
              onText={setAmountText}
              currency={facts.currency}
            />
            <PayeeField text={payeeText} onText={setPayeeText} />
          </>
        ) : (
          <div class="sheet">
            <Money amount={request.amount} currency={facts.currency} size="hero" />
            <p class="payee">{words.to(payeeOf(request, words.someone))}</p>
          </div>
        )}
        {pin.field}
      </form>
      <Trouble error={task.error} />
      {request === undefined ? (
        <button type="button" class="link" onClick={() => setScanning(true)}>
          {words.scanPayee}
        </button>
      ) : (
        <button type="button" class="link" onClick={() => setRequest(undefined)}>
          {words.typeInstead}
        </button>
      )}
    </Screen>
  );
}

type DeviceChoiceProps = CodesProps & {
  readonly chosen: ShownDevice;
  readonly onChoose: (device: Owner) => void;
};

/** Whose payment it is, where that is a question: by the number that each device says of itself. */
function DeviceChoice({ devices, chosen, onChoose }: DeviceChoiceProps) {
  const words = useWords();
  const { money } = useWallet();
  if (devices.length === 1) return null;
  return (
    <fieldset class="choice">
      <legend>{words.whichDevice}</legend>
      {devices.map((each) => (
        <label key={each.device}>
          <input
            type="radio"
            name="device"
            checked={each.device === chosen.device}
            onChange={() => onChoose(each.device)}
          />
          {words.deviceFrom(formatPayeeNumber(payeeNumber(each.device)), money(each.from))}
        </label>
      ))}
    </fieldset>
  );
}

function confirmedBy({ amount, certificate }: SignedRequest): Confirmed {
  return { amount, payee: payeeNumber(ownerOf(certificate.deviceKey)) };
}
