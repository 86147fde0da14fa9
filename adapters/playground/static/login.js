// Signs in to a playground with a password.

import { byId } from "./dom.js";

// After wrong passwords the server takes its time; whoever waits is told why.
const SLOW = 1500;
const CHECKING = "Checking the password. After wrong ones this takes up to 30 seconds.";
const SILENT = "Reverie does not answer. Check that it is running, then try again.";

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
  if (answer.ok) return location.replace("/");
  const content = await answer.json().catch(() => ({}));
  problem.textContent = content.error ?? `This did not work (${answer.status}). Try again.`;
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.textContent = "";
  button.disabled = true;
  const slow = setTimeout(() => { progress.textContent = CHECKING; }, SLOW);
  await signIn(field.value).catch(() => { problem.textContent = SILENT; });
  clearTimeout(slow);
  progress.textContent = "";
  button.disabled = false;
  field.select();
});

// A link from elsewhere comes without the strict cookie; from here it is sent.
fetch("/playground/state").then((answer) => { if (answer.ok) location.replace("/"); }).catch(() => {});
