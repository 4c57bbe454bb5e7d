// Behaviour that every page shares: menu, dropdowns, network state, jobs, form errors.
(function () {
  "use strict";
  const root = document.documentElement;

  document.querySelector("[data-menu]")?.addEventListener("click", (event) => {
    const open = document.body.classList.toggle("menu-open");
    event.currentTarget.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#menu a")?.focus();
  });

  // One dropdown at a time; a click elsewhere or Escape closes it.
  document.addEventListener("click", (event) => {
    for (const one of document.querySelectorAll("details.drop[open]")) {
      if (!one.contains(event.target)) one.open = false;
    }
    if (!event.target.closest("#menu, [data-menu]")) closeMenu();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const one of document.querySelectorAll("details.drop[open]")) {
      one.open = false;
      one.querySelector("summary").focus();
    }
    closeMenu();
  });
  function closeMenu() {
    document.body.classList.remove("menu-open");
    document.querySelector("[data-menu]")?.setAttribute("aria-expanded", "false");
  }

  function network() {
    const kept = "kept" in document.body.dataset; // the worker had no answer and gave what was seen last
    for (const one of document.querySelectorAll("[data-offline]")) one.hidden = navigator.onLine && !kept;
  }
  addEventListener("online", network);
  addEventListener("offline", network);
  network();

  // A part of the page that could not be fetched, or a form that could not be sent, is said aloud:
  // what is seen stays as it was.
  const said = document.querySelector("[data-told]");
  function tell(text) {
    said.textContent = text;
    said.className = "notice bad";
    said.hidden = false;
    said.scrollIntoView({ block: "nearest" });
  }
  function reasons(text, parts) {
    const page = new DOMParser().parseFromString(text, "text/html");
    return [...page.querySelectorAll(parts)].map((one) => one.textContent.trim());
  }
  document.addEventListener("htmx:responseError", (event) => {
    tell([said.dataset.noAnswer, ...reasons(event.detail.xhr.responseText, ".failure h1, .failure h1 + p")].join(" "));
  });
  document.addEventListener("htmx:sendError", () => tell(navigator.onLine ? said.dataset.noAnswer : said.dataset.noNetwork));
  document.addEventListener("submit", (event) => {
    const { method, dataset } = event.target;
    if (navigator.onLine || method !== "post" || "draft" in dataset) return;
    event.preventDefault();
    tell(said.dataset.noNetwork);
  });

  // What cannot be taken back is asked once more.
  document.addEventListener("submit", (event) => {
    const { sure } = event.target.dataset;
    if (sure && !confirm(sure)) event.preventDefault();
  }, true);

  // A small step in the street keeps its page until the answer is there: no browser's error page in between.
  const STEP_MS = 20000;
  const DOORS = ["/sign-in", "/sign-in/code", "/account/password"]; // where whoever has no whole session is led
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !("careful" in form.dataset)) return;
    event.preventDefault();
    if (!("busy" in form.dataset)) step(form, event.submitter);
  });
  async function step(form, by) {
    form.dataset.busy = "";
    const body = new FormData(form);
    if (by?.name) body.append(by.name, by.value);
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), STEP_MS);
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" }, signal: stop.signal });
      const text = await answer.text();
      const turnedAway = DOORS.includes(new URL(answer.url).pathname);
      if (answer.ok && !turnedAway) {
        location.assign(answer.url); // and the form stays busy until that page is there
        return;
      }
      const told = answer.status < 500 ? reasons(text, ".failure h1, .failure .fine, .notice.bad li").join(" ") : "";
      tell(turnedAway ? said.dataset.signedOut : told || said.dataset.noWord);
    } catch {
      tell(said.dataset.noWord);
    } finally {
      clearTimeout(limit);
    }
    delete form.dataset.busy;
  }
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
  });
  function hush() {
    said.className = "";
    said.hidden = true;
  }
  addEventListener("online", hush);
  document.addEventListener("htmx:afterSwap", () => {
    hush();
    document.querySelector(".notice.bad[tabindex]")?.focus();
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) print();
  });

  // A browser writes days in its own language: beside each entry it stands in that of the page.
  function days() {
    for (const entry of document.querySelectorAll("input:is([type=date], [type=month]):not([data-said])")) {
      const whole = entry.type === "date" ? { day: "numeric" } : {};
      const words = new Intl.DateTimeFormat(root.lang === "en" ? "en-GB" : "zh-CN", {
        year: "numeric", month: "long", ...whole, timeZone: "UTC",
      });
      const said = document.createElement("span"); // the entry itself is read out in the reader's own language
      said.className = "day-words";
      said.setAttribute("aria-hidden", "true");
      const say = () => { said.textContent = entry.valueAsDate ? words.format(entry.valueAsDate) : ""; };
      entry.dataset.said = "";
      entry.after(said);
      entry.addEventListener("input", say);
      say();
    }
  }
  days();
  document.addEventListener("htmx:afterSwap", days);

  // A browser names its button for files in its own language: here it stands in that of the page, and
  // the entry lies over it, to be clicked, reached by keyboard and dropped on as ever.
  function choosers() {
    const { choose, chosenNone } = document.body.dataset;
    const part = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text, ariaHidden: "true" });
    for (const entry of document.querySelectorAll("input[type=file]:not(.chooser > *)")) {
      const box = part("chooser", "");
      const said = part("chooser-said", "");
      box.removeAttribute("aria-hidden");
      entry.replaceWith(box);
      box.append(part("chooser-button", choose), said, entry);
      const say = () => { said.textContent = [...entry.files].map(({ name }) => name).join(", ") || chosenNone; };
      entry.addEventListener("change", say);
      entry.form?.addEventListener("reset", () => setTimeout(say)); // it is empty only afterwards
      addEventListener("pageshow", say);
      say();
    }
  }
  choosers();
  document.addEventListener("htmx:afterSwap", choosers);

  // A job tells its progress as server-sent events until it has ended; where too many follow, the
  // service refuses one more, and this page asks again.
  const AGAIN_MS = 5000;
  for (const box of document.querySelectorAll("[data-job]")) follow(box);
  function follow(box) {
    const { address } = box.dataset;
    const cancel = box.querySelector("[data-job-cancel]");
    cancel?.addEventListener("click", () => fetch(address, { method: "DELETE" }));
    listen();
    function listen() {
      const source = new EventSource(`${address}/events`);
      source.addEventListener("job", (event) => shown(JSON.parse(event.data), source));
      source.addEventListener("error", () => {
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
      });
    }
    function shown(job, source) {
      box.querySelector("progress").value = job.progress;
      const word = { done: box.dataset.done, failed: box.dataset.failed }[job.state];
      const said = root.lang === "en" ? job.message_en : job.message_zh;
      box.querySelector(".job-message").textContent = said || word || box.dataset.waiting;
      box.dataset.state = job.state;
      if (!["done", "failed", "cancelled"].includes(job.state)) return;
      source.close();
      cancel?.remove();
      if ("reload" in box.dataset) location.reload();
    }
  }
  // Pages for poor network are kept on the device until somebody signs out.
  const kept = "caches" in window ? caches : null;
  if (location.pathname === "/sign-in") kept?.delete("wangge-pages");
  document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => { kept?.delete("wangge-pages"); });
  const register = (scope) => navigator.serviceWorker.register(document.body.dataset.offlineWorker, { scope });
  async function keepForOffline(scope) {
    const past = navigator.serviceWorker.controller; // it may take the page over while it is set up
    await register(scope);
    const [files, pages] = [await kept.open("wangge-files"), await kept.open("wangge-pages")];
    if (!past) { // this page and its files came without the worker
      await files.addAll([...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((one) => one.src || one.href));
      await pages.add(location.pathname);
    }
    for (const list of document.querySelectorAll("[data-keep]")) { // what its lines lead to opens too
      await Promise.all(["/notes", "/dangers"].map(register));
      await files.addAll(list.dataset.keep.split(" "));
      for (const { href } of list.querySelectorAll("a[href^='/notes/'], a[href^='/dangers/']")) await pages.add(href);
    }
    root.dataset.kept = "true";
  }
  const scope = location.pathname.match(/^\/(visits|dangers|notes)(?=\/|$)/)?.[0];
  if (scope && kept && "serviceWorker" in navigator) keepForOffline(scope).catch(() => { root.dataset.kept = "false"; });
  root.dataset.ready = "true";
})();
