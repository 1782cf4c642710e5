// Makes the studio pleasanter: line numbers, what the check says while one types, keys that may stand at the cursor.
"use strict";
(() => {
  const form = document.querySelector("form[data-studio]");
  if (!form) return;
  const texts = [...form.querySelectorAll(".editor textarea")];
  let timer, sending = false, again = false, stale = false;

  const number = (text) => {
    const gutter = text.previousElementSibling;
    const count = text.value.split("\n").length;
    if (Number(gutter.dataset.count) !== count) {
      gutter.dataset.count = count;
      gutter.textContent = Array.from({ length: count }, (_, i) => i + 1).join("\n");
    }
    gutter.scrollTop = text.scrollTop;
  };

  const checked = () => document.getElementById("checked");
  const say = (words) => { document.getElementById("saved").textContent = words; };

  const check = async () => {
    if (stale) return;
    if (sending) { again = true; return; }
    sending = true;
    const body = new URLSearchParams(new FormData(form));
    body.set("step", "autosave");
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" }, redirect: "manual" });
      if (answer.status === 409) { stale = true; say(form.dataset.stale); }
      else if (!answer.ok) throw new Error(answer.status);
      else {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("checked");
        if (!fresh) throw new Error("not checked");
        checked().replaceChildren(...fresh.childNodes);
        form.elements.revision.value = fresh.dataset.revision;
      }
    } catch {
      say(form.dataset.failed);
    }
    sending = false;
    if (again) { again = false; check(); }
  };

  // A finding leads to its line in the text.
  form.addEventListener("click", (event) => {
    const link = event.target.closest("#checked a[href]");
    const place = link && link.hash.match(/^#([ds])(\d+)$/);
    const text = place && texts.find((text) => text.dataset.mark === place[1]);
    if (!text) return;
    event.preventDefault();
    const box = text.closest("details");
    if (box) box.open = true;
    const lines = text.value.split("\n");
    const line = Math.min(Number(place[2]), lines.length);
    const start = lines.slice(0, line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + lines[line - 1].length);
    text.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(text).lineHeight));
  });

  // Where the cursor is, by indentation: /form/*/label.
  const definition = document.getElementById("definition");
  const panel = document.getElementById("keys");
  let keys = null;
  const path = (before) => {
    const lines = before.split("\n");
    const depth = (line) => line.search(/\S|$/);
    let indent = depth(lines[lines.length - 1]);
    const parts = [];
    for (const line of lines.slice(0, -1).reverse()) {
      if (!line.trim() || line.trim().startsWith("#") || depth(line) >= indent) continue;
      indent = depth(line);
      const found = line.match(/^\s*(- )?([\w-]+):/);
      if (!found) { parts.unshift("*"); continue; }
      parts.unshift(found[2]);
      if (found[1]) parts.unshift("*");
    }
    return parts;
  };
  const known = (parts) => {
    let places = [""];
    for (const part of parts) {
      places = places.flatMap((place) => [`${place}/${part}`, `${place}/*`]).filter((place) =>
        Object.keys(keys).some((key) => key === place || key.startsWith(`${place}/`)));
    }
    return Object.assign({}, ...places.map((place) => keys[place] || {}));
  };
  const offer = () => {
    if (!keys) return;
    const before = definition.value.slice(0, definition.selectionStart);
    const typed = (before.split("\n").pop().match(/[\w-]*$/) || [""])[0];
    const names = Object.entries(known(path(before))).filter(([name]) => name.startsWith(typed));
    panel.hidden = names.length === 0;
    panel.querySelector("ul").replaceChildren(...names.map(([name, about]) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "plain";
      button.textContent = name;
      if (about) button.title = about;
      button.addEventListener("click", () => {
        const at = definition.selectionStart;
        definition.setRangeText(`${name}: `, at - typed.length, definition.selectionEnd, "end");
        definition.focus();
        definition.dispatchEvent(new Event("input", { bubbles: true }));
      });
      item.append(button);
      return item;
    }));
  };
  fetch(form.dataset.studio, { headers: { Accept: "text/html" } })
    .then((answer) => answer.json())
    .then((found) => { keys = found; offer(); })
    .catch(() => {});

  for (const text of texts) {
    number(text);
    text.addEventListener("scroll", () => number(text));
    text.addEventListener("input", () => {
      number(text);
      clearTimeout(timer);
      timer = setTimeout(check, 700);
    });
  }
  for (const event of ["input", "click", "keyup"]) definition.addEventListener(event, offer);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && timer) { clearTimeout(timer); timer = 0; check(); }
  });
})();
