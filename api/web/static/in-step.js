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

  // Centre, zoom and layers stand in the address once somebody has changed them.
  const first = new Map();
  let view = location.hash.includes("map=") ? location.hash : "";
  function keep(frame, { map, layers }) {
    const now = `#map=${map}&layers=${layers}`;
    if (!first.has(frame)) first.set(frame, now);
    if (!view && first.get(frame) === now) return;
    view = now;
    stay();
  }
  function stay() {
    if (view && location.hash !== view) history.replaceState(history.state, "", view);
  }

  addEventListener("message", (event) => {
    if (event.origin !== location.origin || event.data?.wangge !== true) return;
    if (!frames.some((one) => one.contentWindow === event.source)) return;
    const { selected, box, view: moved, seen } = event.data;
    if (selected) mark(selected.key, { reveal: true });
    if (moved) tell({ view: moved }, event.source);
    if (seen) keep(event.source, seen);
    if (box) {
      const address = new URL(location.href);
      address.searchParams.set("box", box.map((one) => one.toFixed(5)).join(","));
      address.searchParams.delete("page");
      location.assign(address);
    }
  });
  document.addEventListener("htmx:afterSwap", () => chosen && mark(chosen));
  document.addEventListener("htmx:pushedIntoHistory", stay);
  // Another filter or period of the same page begins where the map is.
  document.addEventListener("submit", ({ target }) => {
    if (view && target.method === "get" && !target.hasAttribute("action")) target.action = location.pathname + view;
  });
  document.addEventListener("click", ({ target }) => {
    const link = target.closest("a[href]");
    if (view && link && link.pathname === location.pathname && !link.hash && !link.hasAttribute("download")) link.hash = view;
  }, true);
  if (chosen) mark(chosen, { reveal: true });
})();
