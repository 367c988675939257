/** The till's page. */
import { render } from "preact";
import { Shell } from "./parts/shell.tsx";
import { TerminalApp } from "./terminal/terminal-app.tsx";

render(
  <Shell name="tallystick terminal" class="terminal">
    <TerminalApp />
  </Shell>,
  document.getElementById("app")!,
);
