// Keeps maps (frames of this very site) and list in step by messages.
(function () {
  "use strict";
  const frames = [...document.querySelectorAll("[data-map]")];
  const LAYER = document.querySelector("[data-map]")?.dataset.layer ?? "rating";
  let chosen = new URLSearchParams(location.search).get("at");

  const tell = (message, but) => {
    for (const one of frames) {
      if (one.contentWindow !== but) one.contentWindow.postMessage({ wangge: true, ...message }, location.origin);
    }
  };
  const rows = () => [...document.querySelectorAll("[data-go] tbody tr")];

  function mark(key, { reveal = false } = {}) {
    chosen = key;
    for (const row of rows()) {
      const own = row.dataset.key === key;
      row.classList.toggle("chosen", own);
      if (own && reveal) row.scrollIntoView({ block: "nearest" });
    }
  }

  function go(row) {
    mark(row.dataset.key);
    tell({ go: row.dataset.key, layer: LAYER });
    const address = new URL(location.href);
    address.searchParams.set("at", row.dataset.key);
    history.replaceState(history.state, "", address);
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-go] tbody tr");
    if (row && !event.target.closest("a, button, input, label")) go(row);
  });
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.("[data-go] tbody tr");
    if (!row || event.target !== row) return;
    const next = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
    if (event.key === "Enter") go(row);
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
  // Hovering marks the place without moving the map.
  document.addEventListener("pointerover", (event) => {
    const row = event.target.closest("[data-go] tbody tr");
    if (row) tell({ hint: row.dataset.key, layer: LAYER });
  });
  document.addEventListener("pointerout", (event) => {
    if (event.target.closest("[data-go] tbody tr")) tell({ hint: null, layer: LAYER });
  });

  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.data?.wangge !== true) return;
    if (!frames.some((one) => one.contentWindow === event.source)) return;
    const { selected, box, view } = event.data;
    if (selected) mark(selected.key, { reveal: true });
    if (view) tell({ view }, event.source);
    if (box) {
      const address = new URL(location.href);
      address.searchParams.set("box", box.map((one) => one.toFixed(5)).join(","));
      address.searchParams.delete("page");
      location.assign(address);
    }
  });
  document.addEventListener("htmx:afterSwap", () => chosen && mark(chosen));
  if (chosen) mark(chosen, { reveal: true });
})();
