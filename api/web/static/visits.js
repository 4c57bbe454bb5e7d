// The walk begins where the device is now, if it may be asked; else at the first place of the list.
(function () {
  "use strict";
  const form = document.querySelector("form[data-with-position]");
  let asking = false;
  let known = false; // the position was asked for what is being sent, not for what failed before
  form?.addEventListener("submit", (event) => {
    if (known || !navigator.geolocation) {
      known = false;
      return;
    }
    event.preventDefault();
    if (asking || "busy" in form.dataset) return;
    asking = true;
    for (const old of form.querySelectorAll("input")) old.remove();
    const go = () => {
      [asking, known] = [false, true];
      form.requestSubmit();
    };
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
