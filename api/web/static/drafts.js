// What is written without a network waits in the browser's own store and is sent when it is back.
// Each form carries a key made once, so that sending again adds nothing twice.
(function () {
  "use strict";
  const forms = [...document.querySelectorAll("form[data-draft]")];
  const list = document.querySelector("[data-drafts]");

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
  const all = () => store("readonly", (drafts) => drafts.getAll());

  async function send(draft) {
    const body = new FormData();
    for (const [name, value] of draft.entries) body.append(name, value);
    const answer = await fetch(draft.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.status >= 500) throw new Error(String(answer.status));
    return { answer, told: await answer.json().catch(() => ({})) };
  }

  function draftOf(form) {
    const data = new FormData(form);
    const entries = [...data].filter(([, value]) => typeof value === "string" || value.size > 0);
    return { key: data.get("key"), action: form.action, entries, label: data.get("what") ?? data.get("body") ?? "" };
  }

  for (const form of forms) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const draft = draftOf(form);
      let sent = null;
      if (navigator.onLine) sent = await send(draft).catch(() => null);
      if (sent?.answer.ok) location.assign(sent.told.address ?? location.pathname);
      else if (sent) form.submit(); // refused: the page itself says what is wrong with which entry
      else await later(form, draft);
    });
  }

  async function later(form, draft) {
    await keep(draft);
    form.reset();
    renew(form);
    say(form, form.dataset.kept);
    await show();
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
    for (const draft of await all()) {
      try {
        const { answer, told } = await send(draft);
        if (answer.ok) await drop(draft.key);
        else await keep({ ...draft, refused: Object.values(told.errors ?? {}).join(" ") || told.detail || String(answer.status) });
      } catch {
        break; // the network left again: what is kept stays kept
      }
    }
    await show();
  }

  async function show() {
    const kept = await all();
    if (!list) return;
    list.hidden = kept.length === 0;
    list.querySelector("ul").replaceChildren(...kept.map((draft) => {
      const line = document.createElement("li");
      const text = document.createElement("span");
      text.className = "grow";
      text.textContent = draft.label + (draft.refused ? ` — ${forms[0]?.dataset.refused ?? ""}${draft.refused}` : "");
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
