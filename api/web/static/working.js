// A question that may take seconds: that it is worked on is said, and it can be given up.
(function () {
  "use strict";
  const LONG_MS = 700;
  const box = document.querySelector("[data-working]");
  const [text, bar, share, button] = ["[role=status]", "progress", "[data-share]", "button"].map((one) => box.querySelector(one));
  let soon = 0;
  let said = ""; // read out once the box is there, then as it changes
  let asked = null; // what can be told of how far it is, and stopped on the server

  function long(kind) {
    rest();
    button.textContent = button.dataset[kind];
    said = kind === "text" ? text.dataset.text : "";
    soon = setTimeout(() => {
      box.hidden = false;
      text.textContent = said;
    }, LONG_MS);
  }
  function rest() {
    clearTimeout(soon);
    box.hidden = true;
    bar.removeAttribute("value");
    text.textContent = share.textContent = "";
  }
  button.addEventListener("click", () => {
    if (asked) asked.abort();
    else window.stop();
    rest();
  });
  addEventListener("pageshow", () => { asked = null; rest(); });

  // The service may still finish what was begun: a job that was asked for runs on.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.long === "" && !event.defaultPrevented) long("text");
  });

  // Plans and walks are asked for as events first, which tell how far they are; the page that shows what came
  // of them is asked for afterwards. Whoever stops, or leaves the page, ends the work on the server.
  const TOLD = /^\/(sharp-eyes\/plan\?|walking\b|scenarios\/\d+\/walking)/;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.dataset.long !== "told") return;
    event.preventDefault();
    follow(form.action, { method: "POST", body: new FormData(form) }, () => form.submit());
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const { origin, pathname, search } = new URL(link.href);
    const here = origin !== location.origin || pathname === location.pathname;
    if (here || link.target || link.hasAttribute("download") || search.includes("download=") || !TOLD.test(pathname + search)) return;
    event.preventDefault();
    follow(link.href, {}, () => location.assign(link.href));
  });

  // `plainly`: what the browser does without this script, where the service tells nothing.
  async function follow(address, how, plainly) {
    asked?.abort();
    const mine = asked = new AbortController();
    long("told");
    try {
      const answer = await fetch(address, { ...how, headers: { Accept: "text/event-stream" }, signal: mine.signal });
      if (answer.ok && answer.headers.get("Content-Type").startsWith("text/event-stream")) {
        await hear(answer.body);
        asked = null;
        location.assign(answer.url);
        return;
      }
    } catch {
      if (mine.signal.aborted) return;
    }
    asked = null;
    long("text");
    plainly();
  }
  async function hear(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const one of events) {
        const [name, data] = one.split("\n");
        if (name === "event: told") show(JSON.parse(data.slice("data: ".length)));
      }
    }
  }
  function show({ share: done, zh, en }) {
    said = text.dataset.told.replace("{what}", document.documentElement.lang === "en" ? en : zh);
    if (!box.hidden && text.textContent !== said) text.textContent = said;
    bar.value = done;
    share.textContent = `${Math.round(done * 100)} %`;
  }
})();
