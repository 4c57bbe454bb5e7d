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
  const keep = (draft) => store("readwrite", (drafts) => drafts.put(draft));
  const drop = (key) => store("readwrite", (drafts) => drafts.delete(key));
  const all = () => store("readonly", (drafts) => drafts.getAll()).catch(() => []); // a browser may keep nothing
  const own = async () => (await all()).filter((one) => one.account === account);

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

  // The answer's status and words; status 0 where the network or the service gave none.
  async function send(draft) {
    try {
      const me = await asked("/api/v1/auth/me"); // the page may be older than the session
      if (me.status !== 200) return me;
      if (me.told.login !== draft.account) return { status: 401, told: {} };
      const body = new FormData();
      for (const [name, value] of draft.entries) body.append(name, value);
      const bytes = draft.entries.reduce((sum, [, value]) => sum + (value.size ?? 0), 0);
      return await asked(draft.action, { method: "POST", body }, bytes);
    } catch {
      return { status: 0, told: {} };
    }
  }
  const arrived = ({ status }) => status >= 200 && status < 300;
  const waits = ({ status }) => status === 0 || status >= 500 || LATER.includes(status);

  function why({ status, told }) {
    if (status === 0 || [502, 503, 504].includes(status)) return words.kept;
    const known = { 401: words.signedOut, 413: words.tooLarge }[status];
    const all = Object.values(told.errors ?? {}).join(" ");
    return known ?? (all ? `${words.refused}${all}` : `${words.unsent} ${told.detail ?? status}`);
  }

  let flushing = false;
  let sending = ""; // the key of what the form is sending now
  async function flush() {
    if (flushing) return;
    flushing = true;
    for (const draft of (await own()).filter((one) => !one.refused && one.key !== sending)) {
      const sent = await send(draft);
      if (arrived(sent)) await drop(draft.key);
      else if (!waits(sent)) await keep({ ...draft, refused: why(sent) });
      else if (sent.status === 0 || sent.status >= 500) break; // the network left again
    }
    flushing = false;
    await show();
  }

  // -- the form --------------------

  function draftOf(data) {
    const entries = [...data].filter(([, value]) => typeof value === "string" || value.size > 0);
    const label = data.get("what") ?? data.get("body") ?? "";
    return { key: data.get("key"), account, page: form.dataset.draft, action: form.action, entries, label };
  }

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  let again = ""; // the key of what the form sends once more, else each sending has its own
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    const opened = again;
    sending = opened || fresh();
    form.elements.key.value = sending;
    const draft = draftOf(new FormData(form));
    say(words.sending);
    const kept = await keep(draft).then(() => true, () => false); // the page may be closed at any time
    const sent = await send(draft);
    sending = "";
    if (arrived(sent)) {
      await drop(draft.key).catch(() => null);
      again = "";
      location.assign(sent.told.address ?? location.pathname);
    } else if (waits(sent) && kept) {
      form.reset();
      again = "";
      say(why(sent));
    } else if (waits(sent)) {
      again = draft.key;
      say(words.lost);
    } else {
      if (opened || sent.status === 413) await keep({ ...draft, refused: why(sent) });
      else await drop(draft.key).catch(() => null);
      wrong(sent);
    }
    await show();
  });

  // Says at each entry what is wrong with it; what was written, a chosen photo too, stays.
  function wrong(sent) {
    say(why(sent));
    for (const old of form.querySelectorAll("small.error")) old.remove();
    for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
    for (const [name, text] of Object.entries(sent.told.errors ?? {})) {
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

  // A refused draft comes back into its form with all it held; its key stays, for it was never stored.
  function reopen(draft) {
    if (draft.page !== form?.dataset.draft) return location.assign(`${draft.page}#draft=${draft.key}`);
    form.reset();
    again = draft.key;
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
    if (again === key) again = "";
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
