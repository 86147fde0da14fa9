// Signs in with the password.

import { byId } from "./dom.js";

// After wrong passwords the server delays its answer; the page says why.
const SLOW_AFTER = 1500;
const CHECKING = "Checking the password. After wrong passwords this takes up to 30 seconds.";
const NO_ANSWER = "Reverie cannot be reached. Check that it is running, then try again.";

// The page that asked for the sign-in; the browser keeps what the address says after `#`.
const target = new URLSearchParams(location.search).get("to") === "admin" ? `/playground/admin${location.hash}` : "/";
const field = byId("password");
const button = byId("sign-in");
const problem = byId("problem");
const progress = byId("progress");

async function signIn(password) {
  const answer = await fetch("/playground/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ password }),
  });
  if (answer.ok) return location.replace(target);
  const content = await answer.json().catch(() => ({}));
  problem.textContent = content.error ?? `Signing in failed (HTTP ${answer.status}). Try again.`;
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  const slow = setTimeout(() => { progress.textContent = CHECKING; }, SLOW_AFTER);
  await signIn(field.value).catch(() => { problem.textContent = NO_ANSWER; });
  clearTimeout(slow);
  progress.textContent = "";
  button.disabled = false;
  field.select();
});

// A link from another site comes without the SameSite=Strict cookie; a request from here sends it.
fetch("/playground/state").then((answer) => { if (answer.ok) location.replace(target); }).catch(() => {});
