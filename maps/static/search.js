// Search by name or code in the page's own index.
(function () {
  "use strict";
  const { layers, element, bi } = wangge;
  const field = document.getElementById("wg-query");
  const list = document.getElementById("wg-results");
  const MOST = 12;
  let current = -1;

  // Rows whose label or key holds the words; beginnings first. Each key once per layer.
  function find(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return [];
    const best = [];
    const rest = [];
    for (const layer of [...layers.values()].reverse()) {
      const { key, label } = layer.index;
      for (let row = 0; row < layer.size; row++) {
        const inLabel = label[row].toLowerCase().indexOf(wanted);
        const inKey = key[row].toLowerCase().indexOf(wanted);
        if (inLabel < 0 && inKey < 0) continue;
        (inLabel === 0 || inKey === 0 ? best : rest).push({ layer, row });
        if (best.length >= MOST) return best;
      }
    }
    return [...best, ...rest].slice(0, MOST);
  }

  function show() {
    const found = find(field.value);
    current = -1;
    list.replaceChildren(...found.map(item));
    if (field.value.trim() && found.length === 0) {
      list.append(element("li", { class: "none" }, bi("没有找到", "Nothing found")));
    }
    const open = field.value.trim() !== "";
    list.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
  }

  function item({ layer, row }) {
    const of = layer.index.class[row];
    const made = element("li", { role: "option" },
      wangge.symbol(layer, of),
      element("span", { class: "found" }, layer.index.label[row] || layer.index.key[row]),
      element("span", { class: "where" }, bi(layer.zh, layer.en), " · ", layer.index.key[row]));
    made.addEventListener("pointerdown", (event) => event.preventDefault());
    made.addEventListener("click", () => {
      field.value = layer.index.label[row] || layer.index.key[row];
      close();
      field.blur();
      wangge.open(layer.name, layer.index.key[row]);
    });
    return made;
  }

  function close() {
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
  }

  function move(by) {
    const items = [...list.querySelectorAll("[role=option]")];
    if (!items.length) return;
    items[current]?.removeAttribute("aria-selected");
    current = (current + by + items.length) % items.length;
    items[current].setAttribute("aria-selected", "true");
    items[current].scrollIntoView({ block: "nearest" });
  }

  field.addEventListener("input", show);
  field.addEventListener("focus", () => field.value && show());
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move(event.key === "ArrowDown" ? 1 : -1);
    }
  });
  document.getElementById("wg-search").addEventListener("submit", (event) => {
    event.preventDefault();
    const items = list.querySelectorAll("[role=option]");
    (items[current] ?? items[0])?.click();
  });

  wangge.find = find;
})();
