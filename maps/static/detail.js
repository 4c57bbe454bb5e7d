// The details of a record: class, figures, reason, rule with thresholds and source.
(function () {
  "use strict";
  const { config, layers, element, bi } = wangge;
  const panel = document.getElementById("wg-detail");
  const REASONS = ["reason_zh", "reason_en", "rule"];
  let chosen = null; // the outline on the map
  let turn = 0; // answers of older clicks are dropped

  async function select(hits, at) {
    const mine = ++turn;
    const hit = hits[at];
    const values = await wangge.record(hit.layer, hit.row);
    if (mine !== turn) return;
    wangge.selected = { layer: hit.layer.name, key: hit.layer.index.key[hit.row] };
    panel.replaceChildren(
      head(hits, at, values),
      element("div", { class: "detail-body" }, ...body(hit.layer, values)),
    );
    panel.hidden = false;
    panel.scrollTop = 0;
    document.body.classList.add("has-detail");
    outline(hit);
    reveal(hit);
    wangge.emit("changed");
  }

  function head(hits, at, values) {
    const { layer, row } = hits[at];
    const of = layer.classes[layer.index.class[row]];
    const close = element("button", { type: "button", class: "close" }, wangge.svg("", "0 0 20 20", {
      d: "M5 5l10 10M15 5L5 15", stroke: "currentColor", "stroke-width": 1.8, "stroke-linecap": "round",
    }));
    const zh = wangge.language() === "zh";
    close.setAttribute("aria-label", zh ? "关闭" : "Close");
    close.addEventListener("click", clear);
    const made = element("header", { class: "detail-head" },
      element("p", { class: "detail-layer" }, bi(layer.zh, layer.en)),
      element("h2", {}, String(values[layer.label] || values[layer.key] || "—")),
      element("p", { class: "verdict" }, wangge.symbol(layer, layer.index.class[row]), bi(of.zh, of.en)),
      close);
    if (hits.length > 1) made.append(steps(hits, at));
    return made;
  }

  function steps(hits, at) {
    const step = (by, sign, label) => {
      const button = element("button", { type: "button", class: "step", "aria-label": label }, sign);
      button.addEventListener("click", () => select(hits, (at + by + hits.length) % hits.length));
      return button;
    };
    return element("nav", { class: "steps" }, step(-1, "‹", "previous"),
      element("span", {}, bi(`此处 ${at + 1} / ${hits.length}`, `Here ${at + 1} of ${hits.length}`)), step(1, "›", "next"));
  }

  function body(layer, values) {
    const parts = [];
    const lead = layer.columns.filter((one) => layer.lead.includes(one.name));
    lead.sort((a, b) => layer.lead.indexOf(a.name) - layer.lead.indexOf(b.name));
    if (lead.length) {
      parts.push(element("dl", { class: "lead" }, ...lead.map((column) => figure(column, values))));
    }
    if (values.reason_zh || values.reason_en) {
      parts.push(element("p", { class: "reason" }, bi(values.reason_zh ?? values.reason_en, values.reason_en ?? values.reason_zh)));
    }
    const rest = layer.columns.filter((one) =>
      one.name !== layer.label && !layer.lead.includes(one.name) && !REASONS.includes(one.name));
    parts.push(element("table", { class: "facts" }, element("tbody", {}, ...rest.map((column) => {
      const [zh, en] = wangge.cell(values[column.name], column);
      return element("tr", { "data-column": column.name },
        element("th", { scope: "row" }, bi(column.zh, column.en)), element("td", {}, bi(zh, en)));
    }))));
    if (values.rule) parts.push(rule(values.rule));
    return parts;
  }

  function figure(column, values) {
    const [zh, en] = wangge.cell(values[column.name], column);
    return element("div", { "data-column": column.name },
      element("dt", {}, bi(column.zh, column.en)), element("dd", {}, bi(zh, en)));
  }

  // Rule id, its words, thresholds and the document it stands in.
  function rule(ids) {
    const box = element("section", { class: "rule" });
    for (const id of String(ids).split(/[;,\s]+/).filter(Boolean)) {
      const known = config.rules[id];
      box.append(element("h3", {}, element("code", {}, id), known ? bi(known.zh, known.en) : ""));
      if (!known) continue;
      const lines = known.thresholds.map(([zh, en, valueZh, valueEn]) =>
        element("li", {}, bi(zh, en), element("b", {}, bi(valueZh, valueEn))));
      if (lines.length) box.append(element("ul", {}, ...lines));
      box.append(element("p", { class: "source" }, bi(`出处：${known.source[0]}`, `Source: ${known.source[1]}`)));
    }
    if (config.policy) box.append(element("p", { class: "source" }, bi("规则版本：", "Policy version: "), config.policy));
    return box;
  }

  function outline({ layer, row }) {
    chosen?.remove();
    const feature = layer.features.find((one) => one.row === row);
    const group = L.layerGroup();
    const style = { fill: false, interactive: false, pane: "chosen", wgSteady: true };
    if (feature && !/Point/.test(feature.geometry.type)) {
      for (const line of [{ color: wangge.theme.ink("#FFFFFF"), weight: 7, opacity: 0.9 }, { color: wangge.theme.ink("#1D4E89"), weight: 3.5, opacity: 1 }]) {
        group.addLayer(L.geoJSON(feature.geometry, { ...style, ...line }));
      }
    } else if (layer.index.lon[row] !== null) {
      const at = [layer.index.lat[row], layer.index.lon[row]];
      const ring = L.svg({ pane: "chosen" });
      group.addLayer(L.circleMarker(at, { ...style, renderer: ring, radius: 15, color: wangge.theme.ink("#FFFFFF"), weight: 7 }));
      group.addLayer(L.circleMarker(at, { ...style, renderer: ring, radius: 15, color: wangge.theme.ink("#1D4E89"), weight: 3.5 }));
    }
    chosen = group.addTo(wangge.map);
  }

  // Move the map so that the chosen place is not under the details.
  function reveal({ layer, row }) {
    if (layer.index.lon[row] === null) return;
    const { map } = wangge;
    const at = map.latLngToContainerPoint([layer.index.lat[row], layer.index.lon[row]]);
    const size = map.getSize();
    const phone = window.innerWidth <= 720;
    const left = phone || document.body.classList.contains("panel-closed") ? 40 : 340;
    const right = phone ? size.x - 40 : size.x - panel.offsetWidth - 40;
    const low = phone ? size.y - panel.offsetHeight - 40 : size.y - 60;
    const wanted = L.point(Math.min(Math.max(at.x, left), right), Math.min(Math.max(at.y, 60), Math.max(low, 60)));
    if (!wanted.equals(at)) map.panBy(at.subtract(wanted), { animate: false });
  }

  function clear() {
    turn++;
    wangge.selected = null;
    chosen?.remove();
    chosen = null;
    panel.hidden = true;
    panel.replaceChildren();
    document.body.classList.remove("has-detail");
    wangge.emit("changed");
  }

  // Show one record by key, wherever it lies; used by search and permalinks.
  async function open(name, key, { fly = true } = {}) {
    const layer = layers.get(name);
    const row = layer && wangge.row(layer, key);
    if (row === undefined) return;
    if (!layer.visible) wangge.show(name, true);
    if (fly && layer.index.lon[row] !== null) {
      const at = [layer.index.lat[row], layer.index.lon[row]];
      const feature = layer.features.find((one) => one.row === row);
      const extent = feature && L.latLngBounds([feature.box[1], feature.box[0]], [feature.box[3], feature.box[2]]);
      const phone = window.innerWidth <= 720 ? 1 : 0; // half the map lies under the details
      const zoom = extent ? Math.min(17, wangge.map.getBoundsZoom(extent.pad(0.6)) - phone) : 16.5;
      wangge.map.setView(at, Math.max(zoom, 12), { animate: false });
    }
    await select([{ layer, row }], 0);
  }

  Object.assign(wangge, { select, clear, open });
})();
