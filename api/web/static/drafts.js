// What is written and cannot be sent (no network, signed out, too often, too large) waits in the
// browser's own store. A draft belongs to the account it was written under: nobody else's is listed or
// sent. Each carries a key made once, so that sending again adds nothing twice.
(function () {
  "use strict";
  const forms = [...document.querySelectorAll("form[data-draft]")];
  const list = document.querySelector("[data-drafts]");
  const { account } = document.body.dataset;
  const LATER = [401, 403, 408, 413, 429]; // and every failure of the service itself

  function store(mode, act) {
    return new Promise((done, failed) => {
      const opening = indexedDB.open("wangge", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "key" });
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        const deal = opening.result.transaction("drafts", mode);
        const asked = act(deal.objectStore("drafts"));
        deal.oncomplete = () => { opening.result.close(); done(asked.result); };
        deal.onerror = () => failed(deal.error);
      };
    });
  }
  const keep = (draft) => store("readwrite", (drafts) => drafts.put(draft));
  const drop = (key) => store("readwrite", (drafts) => drafts.delete(key));
  const own = async () => (await store("readonly", (drafts) => drafts.getAll())).filter((one) => one.account === account);

  async function asked(address, options = {}) {
    const answer = await fetch(address, { ...options, headers: { Accept: "application/json" } });
    return { status: answer.status, told: await answer.json().catch(() => ({})) };
  }

  async function send(draft) {
    const me = await asked("/api/v1/auth/me"); // the page may be older than the session
    if (me.status !== 200) return me;
    if (me.told.login !== draft.account) return { status: 401, told: {} };
    const body = new FormData();
    for (const [name, value] of draft.entries) body.append(name, value);
    return asked(draft.action, { method: "POST", body });
  }

  function draftOf(form) {
    const data = new FormData(form);
    const entries = [...data].filter(([, value]) => typeof value === "string" || value.size > 0);
    return { key: data.get("key"), account, action: form.action, entries, label: data.get("what") ?? data.get("body") ?? "" };
  }

  for (const form of forms) {
    renew(form); // a page that was kept for use without a network shows its old key again
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const draft = draftOf(form);
      let sent = null;
      if (navigator.onLine) sent = await send(draft).catch(() => null);
      if (sent?.status < 300) {
        await drop(draft.key);
        location.assign(sent.told.address ?? location.pathname);
      } else if (!sent) await later(form, draft, form.dataset.kept);
      else if (sent.status === 413) { // stays in the form too: only a smaller photo helps
        await keep({ ...draft, refused: why(form, sent) });
        say(form, why(form, sent));
        await show();
      } else if (LATER.includes(sent.status) || sent.status >= 500) await later(form, draft, why(form, sent));
      else wrong(form, sent.told);
    });
  }

  function why(form, { status, told }) {
    const known = { 401: form.dataset.signedOut, 413: form.dataset.tooLarge }[status];
    return known ?? `${form.dataset.unsent} ${told.detail ?? status}`;
  }

  function reasons({ errors = {} }) {
    const all = Object.values(errors).join(" ");
    return all && `${forms[0].dataset.refused}${all}`;
  }

  async function later(form, draft, text) {
    await keep(draft);
    form.reset();
    renew(form);
    say(form, text);
    await show();
  }

  // Says at each entry what is wrong with it; what was written, a chosen photo too, stays.
  function wrong(form, told) {
    for (const old of form.querySelectorAll("small.error")) old.remove();
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    for (const [name, text] of Object.entries(told.errors ?? {})) {
      const entry = form.querySelector(`#f-${name}`);
      if (!entry) continue;
      const said = document.createElement("small");
      said.className = "error";
      said.id = `f-${name}-error`;
      said.textContent = text;
      entry.setAttribute("aria-invalid", "true");
      entry.setAttribute("aria-describedby", said.id);
      entry.after(said);
    }
    const first = form.querySelector("[aria-invalid]");
    if (first) first.focus();
    else say(form, told.detail ?? "");
  }

  function renew(form) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    form.querySelector("[name=key]").value = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  function say(form, text) {
    let told = form.querySelector(".draft-said");
    if (!told) {
      told = document.createElement("p");
      told.className = "draft-said notice info";
      told.setAttribute("role", "status");
      form.prepend(told);
    }
    told.textContent = text;
  }

  async function flush() {
    if (!navigator.onLine) return;
    for (const draft of await own()) {
      const sent = await send(draft).catch(() => null);
      if (!sent || sent.status >= 500) break; // the network left again: what is kept stays kept
      if (sent.status < 300) await drop(draft.key);
      else await keep({ ...draft, refused: reasons(sent.told) || why(forms[0], sent) });
    }
    await show();
  }

  async function show() {
    const kept = await own();
    if (!list) return;
    list.hidden = kept.length === 0;
    list.querySelector("ul").replaceChildren(...kept.map((draft) => {
      const line = document.createElement("li");
      const text = document.createElement("span");
      text.className = "grow";
      text.textContent = draft.label + (draft.refused ? ` — ${draft.refused}` : "");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "secondary small";
      button.textContent = forms[0]?.dataset.discard ?? "×";
      button.addEventListener("click", async () => { await drop(draft.key); await show(); });
      line.append(text, button);
      return line;
    }));
  }

  list?.querySelector("[data-drafts-send]")?.addEventListener("click", flush);
  addEventListener("online", flush);
  flush().then(() => { document.documentElement.dataset.draftsReady = "true"; });
})();
