// Points drawn on the plan's map (a frame of this very site) become the form's candidate places.
(function () {
  "use strict";
  const form = document.querySelector("[data-plan-form]");
  const choose = (value) => { form.querySelector(`[name=where][value=${value}]`).checked = true; };
  addEventListener("message", (event) => {
    const map = document.querySelector("iframe.one-map");
    if (event.origin !== location.origin || event.source !== map?.contentWindow) return;
    const drawn = event.data?.wangge === true && event.data.planned;
    if (!drawn) return;
    form.querySelector("[data-plan-drawn]").value = drawn.features.length ? JSON.stringify(drawn) : "";
    form.querySelector("[data-plan-count]").textContent = String(drawn.features.length);
    choose("drawn");
  });
  form.querySelector("[type=file]").addEventListener("change", () => choose("file"));
})();
