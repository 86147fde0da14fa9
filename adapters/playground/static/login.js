// The door of a playground with a password.

import { byId } from "./dom.js";

const problem = byId("problem");

async function comeIn(password) {
  const answer = await fetch("/playground/login", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ password }),
  });
  if (answer.ok) return location.replace("/");
  const content = await answer.json().catch(() => ({}));
  problem.textContent = content.error ?? "This did not work; try again";
  byId("password").select();
}

byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  problem.textContent = "";
  comeIn(byId("password").value).catch(() => { problem.textContent = "The studio does not answer; try again"; });
});

// A link from elsewhere comes without the strict cookie; from here it is sent.
fetch("/playground/state").then((answer) => { if (answer.ok) location.replace("/"); }).catch(() => {});
