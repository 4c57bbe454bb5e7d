// The walk begins where the device is, if it may be asked; else at the first place of the list.
(function () {
  "use strict";
  const form = document.querySelector("form[data-with-position]");
  form?.addEventListener("submit", (event) => {
    if (form.dataset.asked || !navigator.geolocation) return;
    event.preventDefault();
    form.dataset.asked = "true";
    const go = () => form.requestSubmit();
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      for (const [name, value] of [["lon", coords.longitude], ["lat", coords.latitude]]) {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = name;
        field.value = value;
        form.append(field);
      }
      go();
    }, go, { timeout: 5000, maximumAge: 60000 });
  });
})();
