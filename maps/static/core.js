// The page's state, words and small helpers. Everything a record says becomes text, never markup.
(function () {
  "use strict";

  const block = (id) => {
    const found = document.getElementById(id);
    return found ? JSON.parse(found.textContent) : null;
  };
  const config = block("wg-config");
  const layers = new Map();
  const hooks = new Map();

  for (const settings of config.layers) {
    const index = block("wg-index-" + settings.name);
    layers.set(settings.name, {
      ...settings,
      index,
      size: index.key.length,
      hidden: new Set(),
      visible: false,
      leaflet: null,
      features: [],
      rowOf: null,
      table: null,
    });
  }

  // The row of a key; the map is built when first asked for.
  function row(layer, key) {
    layer.rowOf ??= new Map(layer.index.key.map((one, i) => [one, i]));
    return layer.rowOf.get(String(key));
  }

  async function unpacked(base64) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  // The attributes of one row: from the page, or from the server that sent the page.
  async function record(layer, i) {
    if (layer.table === null) {
      const held = block("wg-table-" + layer.name);
      if (held === null) return fetched(layer, i);
      layer.table ??= held.gz ? await unpacked(held.gz) : held;
    }
    const found = {};
    for (const column of layer.columns) found[column.name] = layer.table[column.name][i];
    return found;
  }

  async function fetched(layer, i) {
    const key = encodeURIComponent(layer.index.key[i]);
    const query = config.query ? "?" + config.query : "";
    const url = `${config.api}/layers/${layer.name}/features/${key}${query}`;
    const answer = await fetch(url, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status} ${url}`);
    const body = await answer.json();
    return body.properties ?? body;
  }

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  // Both languages side by side; the style sheet shows one.
  function bi(zh, en) {
    const both = document.createDocumentFragment();
    both.append(element("span", { lang: "zh" }, String(zh)), element("span", { lang: "en" }, String(en)));
    return both;
  }

  function svg(className, viewBox, ...paths) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    made.setAttribute("class", className);
    made.setAttribute("viewBox", viewBox);
    made.setAttribute("aria-hidden", "true");
    for (const attributes of paths) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      for (const [name, value] of Object.entries(attributes)) path.setAttribute(name, value);
      made.append(path);
    }
    return made;
  }

  const symbol = (layer, of) =>
    svg("symbol", "-13 -13 26 26", {
      d: config.shapes[layer.classes[of].shape],
      fill: layer.classes[of].fill,
      stroke: layer.outline,
      "stroke-width": 2,
    });

  function number(value, column) {
    // Rounded down where a least value is asked for: below it, a figure never reads like it.
    const down = (of, step) => Math.floor(of * step + 1e-6) / step;
    if (column && column.share) return `${down(100 * value, 10).toFixed(1).replace(/\.0$/, "")} %`;
    if (column && column.code) return String(value);
    const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
    const shown = column && column.held ? down(value, 10 ** digits) : value;
    return shown.toLocaleString("en-US", { maximumFractionDigits: Number.isInteger(value) ? 0 : digits });
  }

  // A cell as [zh, en]: words of closed lists, numbers with unit, a dash for nothing.
  function cell(value, column) {
    if (value === null || value === undefined || value === "") return ["—", "—"];
    const word = column.values[value] ?? (typeof value === "boolean" ? config.yesNo[value] : null);
    if (word) return word;
    if (typeof value !== "number") return [String(value), String(value)];
    const unit = column.unit ? (/^[/°]/.test(column.unit) ? "" : " ") + column.unit : "";
    return [number(value, column) + unit, number(value, column) + unit];
  }

  function language(chosen) {
    const root = document.documentElement;
    if (chosen) {
      root.dataset.lang = chosen;
      root.lang = chosen === "zh" ? "zh-CN" : "en";
      for (const one of document.querySelectorAll("[data-zh-title]")) {
        one.title = one.dataset[chosen + "Title"];
        one.setAttribute("aria-label", one.title);
      }
      for (const one of document.querySelectorAll("input[data-zh]")) {
        one.placeholder = one.dataset[chosen];
        one.setAttribute("aria-label", one.placeholder);
      }
      emit("language");
    }
    return root.dataset.lang;
  }

  function on(event, hook) {
    hooks.set(event, [...(hooks.get(event) ?? []), hook]);
  }
  function emit(event, ...values) {
    for (const hook of hooks.get(event) ?? []) hook(...values);
  }

  window.wangge = {
    config, layers, block, row, record, element, bi, svg, symbol, cell, number, language, on, emit,
    selected: null,
  };
})();
