// What HTML and htmx cannot do. Every page works without it.
const root = document.documentElement;
const find = (selector) => document.querySelector(selector);
const on = (name, act) => document.addEventListener(name, act);

// Emptied first: so the same words are announced again.
function say(words) {
  find("#status").textContent = "";
  setTimeout(() => { find("#status").textContent = document.body.dataset[words]; });
}

// Leaving takes a secret off the page; none comes back from memory.
addEventListener("pagehide", () => find("[data-wipe]")?.replaceChildren());
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());

// Leaving before it was copied or stored asks once.
addEventListener("beforeunload", (event) => {
  const page = find("[data-wipe]:not([data-done])");
  if (page) {
    page.dataset.done = "asked";
    event.preventDefault();
  }
});

function isStored(text) {
  const secret = find("#token-secret")?.textContent;
  if (secret && text.includes(secret)) find("[data-wipe]").dataset.done = "stored";
}

async function copy(button) {
  const source = find(`#${button.dataset.copy}`);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.dataset.state = "copied";
    isStored(source.textContent);
    say("copied");
  } catch {
    getSelection().selectAllChildren(source);
    say("selected");
  }
}

on("copy", () => isStored(String(getSelection())));
on("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button) copy(button);
  const opener = target.closest("[commandfor]");
  if (opener && !opener.command) find(`#${opener.getAttribute("commandfor")}`).showModal();
  if (target.closest("[data-stored]")) isStored(find("#token-secret").textContent);
});
on("keydown", ({ key, target }) =>
  key === "Escape" && target.closest("tr.editing")?.querySelector("[data-cancel]").click());

// What htmx brings: a dialog, and what has the focus next.
on("htmx:load", ({ target }) => target.matches("dialog[data-open]") && target.showModal());
on("focusOn", ({ detail }) => find(detail.value)?.focus());
for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout", "allauth.error"]) {
  on(failure, (event) => {
    event.preventDefault();
    // What keeps asking says so in its place; nothing is heard behind a dialog.
    const lost = event.target.querySelector("[data-lost]");
    if (lost) return lost.hidden = false;
    find("dialog[open]")?.close();
    say("failed");
  });
}

// Ages stay right, in the words of templatetags/words.py.
const ages = new Intl.RelativeTimeFormat(root.lang);
const units = Object.entries({ year: 31536e6, month: 2592e6, day: 864e5, hour: 36e5, minute: 6e4 });
setInterval(() => document.querySelectorAll("[data-ago]").forEach((shown) => {
  const age = Date.now() - Date.parse(shown.parentNode.dateTime);
  const [unit, length] = units.find(([, length]) => age >= length) ?? [];
  if (unit) shown.textContent = ages.format(-Math.trunc(age / length), unit);
}), 3e4);

root.classList.add("scripted");
