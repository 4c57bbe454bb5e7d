// What is written and cannot be sent (no network, no answer, signed out, too often, too large) waits in
// the browser's own store. A draft belongs to the account it was written under: nobody else's is listed
// or sent. Each carries a key made once, so that what did arrive without its answer is not made twice.
(function () {
  "use strict";
  const list = document.querySelector("[data-drafts]");
  const form = document.querySelector("form[data-draft]");
  const { account } = document.body.dataset;
  const words = list.dataset;
  const LATER = [401, 403, 408, 429]; // and every failure of the service or of what stands before it
  const LIMIT_MS = 20000; // and the time a slow network of 16 bytes per millisecond takes
  const AGAIN_MS = 60000;

  function store(mode, act) {
    return new Promise((done, failed) => {
      const opening = indexedDB.open("wangge", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("drafts", { keyPath: "key" });
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        const deal = opening.result.transaction("drafts", mode);
        const asked = act(deal.objectStore("drafts"));
        deal.oncomplete = () => { opening.result.close(); done(asked.result); };
        deal.onerror = deal.onabort = () => failed(deal.error);
      };
    });
  }
  // A browser may keep nothing, or be full: `keep` and `refuse` tell whether the draft is kept.
  const keep = (draft) => store("readwrite", (drafts) => drafts.put(draft)).then(() => true, () => false);
  const drop = (key) => store("readwrite", (drafts) => drafts.delete(key)).catch(() => null);
  const read = (key) => store("readonly", (drafts) => drafts.get(key)).catch(() => null);
  const all = () => store("readonly", (drafts) => drafts.getAll()).catch(() => []);
  const own = async () => (await all()).filter((one) => one.account === account);

  // Notes the refusal, but not at a draft that was discarded or corrected while its answer was awaited.
  function refuse(draft, refused) {
    return store("readwrite", (drafts) => {
      const known = drafts.get(draft.key);
      known.onsuccess = () => {
        if (known.result && content(known.result) === content(draft)) drafts.put({ ...draft, refused });
      };
      return known;
    }).then(Boolean, () => false);
  }

  // What a draft holds, to be compared: a photo by its name and size.
  const content = ({ entries }) => JSON.stringify(entries.map(([name, value]) => [name, value.name ?? value, value.size]));
  const bytesOf = ({ entries }) => entries.reduce((sum, [, value]) => sum + (value.size ?? 0), 0);

  // -- sending --------------------

  async function asked(address, options = {}, bytes = 0) {
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), LIMIT_MS + bytes / 16);
    try {
      const answer = await fetch(address, { ...options, headers: { Accept: "application/json" }, signal: stop.signal });
      return { status: answer.status, told: await answer.json().catch(() => ({})) };
    } finally {
      clearTimeout(limit);
    }
  }

  // The answer's status and words; status 0 where the network or the service gave none. `away`: not even
  // the account was known, so nothing can be sent now.
  async function send(draft) {
    let me = null;
    try {
      me = await asked("/api/v1/auth/me"); // the page may be older than the session
      if (me.status !== 200) return { ...me, away: true };
      if (me.told.login !== draft.account) return { status: 401, told: {}, away: true };
      const body = new FormData();
      for (const [name, value] of draft.entries) body.append(name, value);
      body.set("key", draft.key);
      return await asked(draft.action, { method: "POST", body }, bytesOf(draft));
    } catch {
      return { status: 0, told: {}, away: me === null };
    }
  }
  const arrived = ({ status, away }) => !away && status >= 200 && status < 300;
  const waits = ({ status, away }) => away || status === 0 || status >= 500 || LATER.includes(status);

  function why(sent) {
    const { status, told } = sent;
    if (status === 0 || [502, 503, 504].includes(status)) return words.kept;
    if (status === 401) return words.signedOut;
    if (waits(sent)) return `${words.unsent} ${told.detail ?? status}`;
    if (status === 413) return words.tooLarge;
    if (told.errors) return `${words.refused}${Object.values(told.errors).join(" ")}`;
    return `${words.declined} ${told.detail ?? status}`;
  }

  let flushing = false;
  let sending = ""; // the key of what the form is sending now
  // The lightest first; each is read again before it goes: it may have been discarded or corrected since.
  async function flush() {
    if (flushing) return;
    flushing = true;
    try {
      for (const { key } of (await own()).sort((one, other) => bytesOf(one) - bytesOf(other))) {
        const draft = await read(key);
        if (!draft || draft.refused || key === sending) continue;
        const sent = await send(draft);
        if (arrived(sent)) await drop(key);
        else if (!waits(sent)) await refuse(draft, why(sent));
        else if (sent.away) break;
      }
    } finally {
      flushing = false;
      await show();
    }
  }

  // -- the form --------------------

  // The draft whose key the next sending may use: one that was refused, so never stored, whatever is
  // written now; one that was not kept and may have arrived, as long as the same is written.
  let again = null;

  function draftOf(data) {
    const entries = [...data].filter(([name, value]) => name !== "key" && (typeof value === "string" || value.size > 0));
    const label = data.get("what") ?? data.get("body") ?? "";
    const same = again && (again.refused || content(again) === content({ entries }));
    const key = same ? again.key : fresh();
    return { key, account, page: form.dataset.draft, action: form.action, entries, label };
  }

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    const draft = draftOf(new FormData(form));
    sending = draft.key;
    say(words.sending);
    const kept = await keep(draft); // the page may be closed at any time
    const sent = await send(draft);
    if (arrived(sent)) {
      await drop(draft.key);
      location.assign(sent.told.address ?? location.pathname); // and nothing more is sent until it is there
      return;
    }
    sending = "";
    if (waits(sent) && kept) {
      form.reset();
      again = null;
      say(why(sent));
    } else if (waits(sent)) {
      again = draft;
      say(words.lost);
    } else await refusedHere(draft, sent);
    await show();
  });
  addEventListener("pageshow", ({ persisted }) => { if (persisted) [sending, again] = ["", null]; });

  // Entries that are wrong are corrected at once, in the form; every other refusal stays in the list too.
  async function refusedHere(draft, sent) {
    const refused = why(sent);
    if (sent.told.errors && !again?.refused) {
      await drop(draft.key);
      say(refused);
    } else {
      const kept = await refuse(draft, refused);
      again = { ...draft, refused };
      say(kept ? `${refused} ${words.stays}` : refused);
    }
    wrong(sent.told.errors ?? {});
  }

  // Says at each entry what is wrong with it; what was written, a chosen photo too, stays.
  function wrong(errors) {
    for (const old of form.querySelectorAll("small.error")) old.remove();
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    for (const [name, text] of Object.entries(errors)) {
      const entry = form.querySelector(`#f-${name}`);
      if (!entry) continue;
      const said = document.createElement("small");
      said.className = "error";
      said.id = `f-${name}-error`;
      said.textContent = text;
      entry.setAttribute("aria-invalid", "true");
      entry.setAttribute("aria-describedby", said.id);
      (entry.closest(".chooser") ?? entry).after(said);
    }
    form.querySelector("[aria-invalid]")?.focus();
  }

  function say(text) {
    let told = form.querySelector(".draft-said");
    if (!told) {
      told = document.createElement("p");
      told.className = "draft-said notice info";
      told.setAttribute("role", "status");
      form.prepend(told);
    }
    told.textContent = text;
  }

  const isWritten = (entry) => "defaultValue" in entry && entry.value !== entry.defaultValue;
  const written = () => [...(form?.elements ?? [])].some(isWritten);

  // A refused draft comes back into its form with all it held; its key stays, for it was never stored.
  function reopen(draft) {
    if (sending || (written() && !confirm(words.over))) return null;
    if (draft.page !== form?.dataset.draft) return location.assign(`${draft.page}#draft=${draft.key}`);
    form.reset();
    again = draft;
    for (const [name, value] of draft.entries) {
      const entry = form.elements[name];
      if (value instanceof Blob) {
        const files = new DataTransfer();
        files.items.add(value);
        entry.files = files.files;
      } else entry.value = value;
      entry.dispatchEvent(new Event("change", { bubbles: true }));
    }
    say(draft.refused);
    return form.querySelector("textarea").focus();
  }

  // -- the list --------------------

  function button(text, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "secondary small";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  }

  async function discard({ key }) {
    if (!confirm(words.sure)) return;
    await drop(key);
    if (again?.key === key) again = null;
    await show();
  }

  async function show() {
    const kept = await own();
    list.hidden = kept.length === 0;
    list.querySelector("[data-drafts-send]").hidden = kept.every((one) => one.refused);
    list.querySelector("ul").replaceChildren(...kept.map((draft) => {
      const line = document.createElement("li");
      const text = document.createElement("span");
      text.className = "grow";
      text.textContent = draft.label + (draft.refused ? ` — ${draft.refused}` : "");
      line.append(text);
      if (draft.refused) line.append(button(words.open, () => reopen(draft)));
      line.append(button(words.discard, () => discard(draft)));
      return line;
    }));
  }

  async function begin() {
    const key = location.hash.match(/^#draft=(\w+)$/)?.[1];
    const wanted = key && form && (await own()).find((one) => one.key === key);
    if (wanted) {
      history.replaceState(null, "", location.pathname);
      reopen(wanted);
    }
    await flush();
    document.documentElement.dataset.draftsReady = "true";
  }
  list.querySelector("[data-drafts-send]").addEventListener("click", flush);
  addEventListener("online", flush);
  setInterval(flush, AGAIN_MS);
  begin();
})();
