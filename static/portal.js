// The only script of ours: what HTML and htmx cannot do. Every page works without it.
"use strict";

const find = (selector) => document.querySelector(selector);

// Emptied first, so that the same words are announced again.
function say(words) {
  find("#status").textContent = "";
  setTimeout(() => { find("#status").textContent = words; });
}

// A page that shows a secret forgets it when it is left, and never comes back from the browser's memory.
addEventListener("pagehide", () => find("[data-wipe]")?.replaceChildren());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Leaving before the secret was copied or stored asks once.
addEventListener("beforeunload", (event) => {
  const page = find("[data-wipe]");
  if (page && !page.dataset.done) {
    page.dataset.done = "asked";
    event.preventDefault();
  }
});

function isStored(text) {
  const secret = find("[data-wipe] #token-secret")?.textContent;
  if (secret && text.includes(secret)) find("[data-wipe]").dataset.done = "stored";
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.dataset.state = "copied";
    isStored(source.textContent);
    say(document.body.dataset.copied);
  } catch {
    getSelection().selectAllChildren(source);
    say(document.body.dataset.selected);
  }
}

document.addEventListener("copy", () => isStored(String(getSelection())));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const opener = event.target.closest("[commandfor]");
  if (opener && !("command" in opener)) document.getElementById(opener.getAttribute("commandfor")).showModal();
  if (event.target.closest("[data-stored]")) isStored(find("#token-secret").textContent);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") event.target.closest("tr.editing")?.querySelector("[data-cancel]").click();
});

// What htmx brings: a dialog opens, errors take the focus, and the answer to a deed says what has it next.
document.addEventListener("htmx:load", (event) => {
  if (event.detail.elt.matches("dialog[data-open]")) event.detail.elt.showModal();
  event.detail.elt.querySelector("[data-error-summary]")?.focus();
});
document.addEventListener("focusOn", (event) => find(event.detail.value)?.focus());
for (const failure of ["htmx:responseError", "htmx:sendError", "allauth.error"]) {
  document.addEventListener(failure, (event) => {
    event.preventDefault();
    // Nothing is announced behind an open dialog.
    find("dialog[open]")?.close();
    say(document.body.dataset.failed);
  });
}

find("[data-error-summary]")?.focus();
document.documentElement.classList.add("scripted");
