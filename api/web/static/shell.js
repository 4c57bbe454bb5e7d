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
    for (const one of document.querySelectorAll("[data-offline]")) one.hidden = navigator.onLine;
  }
  addEventListener("online", network);
  addEventListener("offline", network);
  network();

  document.addEventListener("htmx:afterSwap", () => {
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

  // A job tells its progress as server-sent events until it has ended.
  for (const box of document.querySelectorAll("[data-job]")) {
    const address = `/api/v1/jobs/${encodeURIComponent(box.dataset.job)}`;
    const source = new EventSource(`${address}/events`);
    const told = (event) => {
      const job = JSON.parse(event.data);
      const bar = box.querySelector("progress");
      if (typeof job.progress === "number") bar.value = job.progress;
      const ended = ["done", "failed", "cancelled"].includes(job.state);
      const word = { done: box.dataset.done, failed: box.dataset.failed }[job.state];
      box.querySelector(".job-message").textContent = job.message || word || job.state;
      box.dataset.state = job.state;
      if (!ended) return;
      source.close();
      box.querySelector("[data-job-cancel]").hidden = true;
      box.dispatchEvent(new CustomEvent("job-ended", { bubbles: true, detail: job }));
    };
    source.addEventListener("message", told);
    source.addEventListener("progress", told);
    box.querySelector("[data-job-cancel]").addEventListener("click", () =>
      fetch(`${address}/cancel`, { method: "POST" }));
  }
  root.dataset.ready = "true";
})();
