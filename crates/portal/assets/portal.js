// Makes pages that work without it pleasanter: keeps what is typed, shows the award while typing, sums up costs.
"use strict";
(() => {
  const summary = document.getElementById("summary");
  if (summary) summary.focus();

  // One press, one effect: the second press of a button that has sent its form does nothing.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    else if (event.submitter && event.submitter.value === "perform") form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // The link of a partner: what follows the # never reaches a server by itself.
  const token = document.querySelector("form[data-fragment] input[name=token]");
  if (token && location.hash.startsWith("#pl_")) {
    token.value = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    token.form.submit();
  }

  // A passkey is shown or made by the browser, and its answer is sent with the form. Without this there are other ways in.
  const knowsPasskeys = "PublicKeyCredential" in window && PublicKeyCredential.parseRequestOptionsFromJSON;
  for (const form of knowsPasskeys ? document.querySelectorAll("form[data-passkey]") : []) {
    const told = form.querySelector("[data-failed]");
    form.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (form.dataset.asking) return;
      form.dataset.asking = "yes";
      told.textContent = "";
      try {
        const body = new URLSearchParams(new FormData(form));
        const answer = await fetch(form.dataset.passkey, { method: "POST", body, headers: { Accept: "application/json, text/html" }, redirect: "manual" });
        // Why not stands on the page that the form leads to.
        if (!answer.ok) { form.submit(); return; }
        const { request, options } = await answer.json();
        const credential = form.dataset.makes
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        form.elements.request.value = request;
        form.elements.answer.value = JSON.stringify(credential);
        form.submit();
      } catch {
        told.textContent = told.dataset.failed;
      } finally {
        delete form.dataset.asking;
      }
    });
  }

  // Files that are chosen in several places come in together, whichever button is pressed.
  const uploads = [...document.querySelectorAll("form[enctype='multipart/form-data']")];
  const waits = (form) => form.querySelector("input[type=file]").value;
  for (const form of uploads) {
    form.addEventListener("submit", async (event) => {
      const others = uploads.filter((other) => other !== form && waits(other));
      if (!waits(form) || !others.length || form.dataset.alone) return;
      event.preventDefault();
      form.dataset.alone = "yes";
      for (const other of others) {
        const answer = await fetch(other.action, { method: "POST", body: new FormData(other), headers: { Accept: "text/html" } }).catch(() => null);
        // Why not stands on the page that this one leads to.
        if (!answer?.ok) { other.dataset.alone = "yes"; other.requestSubmit(); return; }
      }
      form.requestSubmit();
    });
  }

  // What is done part by part goes on by itself.
  const part = document.querySelector("form[data-continue]");
  if (part) part.submit();

  // All rows of a list at once.
  const all = document.querySelector("[data-tick-all]");
  if (all) {
    all.hidden = false;
    const boxes = all.closest("form").querySelectorAll("input[name=case]");
    all.addEventListener("change", (event) => boxes.forEach((box) => { box.checked = event.target.checked; }));
  }

  // The other pages of a document, one after another; their number comes with the picture.
  for (const figure of document.querySelectorAll("figure[data-pages]")) {
    const [link, picture] = [figure.querySelector("a"), figure.querySelector("img")];
    const called = picture.alt;
    const show = (page) => { link.href = picture.src = link.href.replace(/\d+$/, page); };
    const count = async () => {
      const answer = await fetch(picture.src);
      const pages = Number(answer.headers.get("X-Hojokin-Pages"));
      if (!(pages > 1)) return;
      const [row, before, where, after] = ["div", "button", "span", "button"].map((name) => document.createElement(name));
      row.className = "row";
      where.setAttribute("role", "status");
      let page = 1;
      const turn = (by) => {
        page += by;
        [before.disabled, after.disabled] = [page === 1, page === pages];
        where.textContent = `${page} / ${pages}`;
        if (by) { show(page); picture.alt = `${called} (${where.textContent})`; }
      };
      for (const [button, by, text] of [[before, -1, figure.dataset.previous], [after, 1, figure.dataset.next]]) {
        button.type = "button";
        button.className = "quiet";
        button.textContent = text;
        button.addEventListener("click", () => turn(by));
      }
      turn(0);
      row.append(before, where, after);
      figure.append(row);
    };
    if (picture.complete && picture.naturalWidth) count();
    else picture.addEventListener("load", count, { once: true });
  }

  const number = (text) => Number(text.normalize("NFKC").replace(/[,\s円]/g, "")) || 0;
  const total = (table) => {
    for (const cell of table.querySelectorAll("[data-sum]")) {
      const added = cell.dataset.sum === "gross" ? "input[data-adds]" : `input[data-adds="${cell.dataset.sum}"]`;
      const inputs = table.querySelectorAll(added);
      const sum = [...inputs].reduce((sum, input) => sum + number(input.value), 0);
      cell.textContent = sum.toLocaleString("en-US");
    }
  };

  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const state = document.getElementById("saved");
  const award = document.getElementById("award");
  const newer = document.getElementById("newer");
  let timer, queue = Promise.resolve(), unsaved = false, lost = false;

  // How it went: "kept", "refused" by the server, or "lost" because the server cannot be reached.
  const send = async () => {
    const body = new URLSearchParams(new FormData(form));
    body.set("step", "autosave");
    unsaved = false;
    const hidden = document.visibilityState === "hidden";
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" }, redirect: "manual", keepalive: hidden });
      lost = false;
      if (!answer.ok) { state.textContent = state.dataset.failed; return "refused"; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const part = (id) => page.getElementById(id);
      if (part("saved")) state.textContent = part("saved").textContent;
      if (part("revision")) form.elements.revision.value = part("revision").dataset.revision;
      // What is told already is not told again, and a choice that is being made stays.
      if (part("newer") && part("newer").innerHTML !== newer.innerHTML) newer.replaceChildren(...part("newer").childNodes);
      if (award && part("award")) award.replaceChildren(...part("award").childNodes);
      for (const called of page.querySelectorAll("[data-called]")) {
        const place = document.getElementById(called.dataset.called);
        if (place) place.textContent = called.textContent;
      }
      const asked = part("asked");
      if (asked) {
        const names = new Set(asked.dataset.fields.split(" "));
        for (const box of form.querySelectorAll("[data-field]")) box.hidden = !names.has(box.dataset.field);
      }
      return "kept";
    } catch {
      // What is typed stays in the page, and is sent as soon as the server is there again.
      unsaved = lost = true;
      state.textContent = state.dataset.lost;
      later(5000);
      return "lost";
    }
  };
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    queue = queue.then(send);
    return queue;
  };
  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  };

  // A page that is sent into nowhere would be gone with what was typed: it is kept first.
  form.addEventListener("submit", async (event) => {
    if (!unsaved) return;
    event.preventDefault();
    const button = event.submitter;
    if (await save() !== "lost") form.requestSubmit(button);
  });
  addEventListener("online", () => { if (unsaved) save(); });
  addEventListener("beforeunload", (event) => { if (lost) event.preventDefault(); });

  form.addEventListener("input", (event) => {
    // A choice between two values is made with its button.
    if (newer?.contains(event.target)) return;
    const table = event.target.closest("table.costs");
    if (table) total(table);
    unsaved = true;
    later(800);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && timer) save();
  });
})();
