/** The wallet's page. */
import { render } from "preact";
import { Shell } from "./parts/shell.tsx";
import { WalletApp } from "./wallet/wallet-app.tsx";

render(
  <Shell name="tallystick wallet" class="host">
    <WalletApp />
  </Shell>,
  document.getElementById("app")!,
);
