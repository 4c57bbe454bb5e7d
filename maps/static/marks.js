// One canvas above the layers: class shapes on areas, figures and names, none over another.
(function () {
  "use strict";
  const FONT = '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei",system-ui,sans-serif';
  const CELL = 48;

  // Boxes already taken, by cell.
  class Taken {
    constructor() {
      this.cells = new Map();
    }
    claim(x, y, width, height) {
      const box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      const lists = [];
      for (let cx = Math.floor(box[0] / CELL); cx <= Math.floor(box[2] / CELL); cx++) {
        for (let cy = Math.floor(box[1] / CELL); cy <= Math.floor(box[3] / CELL); cy++) {
          const list = this.list(cx * 65536 + cy);
          for (const other of list) {
            if (box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]) return false;
          }
          lists.push(list);
        }
      }
      for (const list of lists) list.push(box);
      return true;
    }
    list(cell) {
      let found = this.cells.get(cell);
      if (!found) this.cells.set(cell, (found = []));
      return found;
    }
  }

  // Communities and villages are called by their name, not by that of their committee.
  const short = (name) => name.replace(/(社区)?居民委员会$/, "社区").replace(/村?村民委员会$/, "村");

  const Marks = L.Layer.extend({
    onAdd(map) {
      this.canvas = L.DomUtil.create("canvas", "marks", map.getPane("marks"));
      this.draw();
    },
    getEvents() {
      return { moveend: this.draw, resize: this.draw, zoomstart: this.hide };
    },
    hide() {
      this.canvas.style.visibility = "hidden";
    },

    draw() {
      const view = { ...wangge.sheet(this._map, this.canvas), taken: new Taken() };
      view.brush.textAlign = "center";
      view.brush.textBaseline = "middle";
      wangge.written = { marks: 0, names: 0 };
      const shown = [...wangge.layers.values()].filter((layer) => layer.visible).reverse();
      // Classes of areas first: beside them a facility gives way, not the other way round.
      for (const layer of [...shown].sort((a, b) => b.area - a.area)) this.marks(view, layer);
      this.places(view);
      for (const layer of shown) this.names(view, layer);
    },

    marks(view, layer) {
      if (layer.sizeBy) return this.circles(view, layer);
      if (!layer.marks || !layer.classed || view.zoom < layer.marksFrom) return;
      const spots = new Set(layer.index.spots);
      const drawnBelow = (i) => layer.point || spots.has(i); // points keep their place free of words
      const full = Math.min(15, Math.max(7, 2 * (view.zoom - 8.5)));
      const crowded = layer.area && layer.size > 500 && view.zoom < 14; // then only classes that ask for attention
      const rows = wangge.inView(view, layer).filter(([i]) => !crowded || layer.classes[layer.index.class[i]].hatch !== "none");
      rows.sort((a, b) => layer.index.class[a[0]] - layer.index.class[b[0]]);
      for (const [i, x, y] of rows) {
        const size = layer.area ? full : wangge.pointSize(view.zoom, layer, layer.index.class[i]);
        if (!view.taken.claim(x, y, size + 1, size + 1) || drawnBelow(i)) continue;
        const of = layer.classes[layer.index.class[i]];
        wangge.shape(view.brush, of.shape, x, y, size, of.fill, layer.outline);
        wangge.written.marks++;
        if (layer.caption && view.zoom >= 12.5) this.caption(view, layer, i, x, y + size / 2 + 9);
      }
    },

    // Circles whose area stands for a count.
    circles(view, layer) {
      const values = layer.table?.[layer.sizeBy];
      if (!values) return;
      const largest = Math.max(1, ...values.map((value) => value ?? 0));
      const full = Math.min(30, Math.max(10, 3 * (view.zoom - 8)));
      const rows = wangge.inView(view, layer).sort((a, b) => values[b[0]] - values[a[0]]);
      for (const [i, x, y] of rows) {
        if (!values[i]) continue;
        const radius = Math.max(1.5, full * Math.sqrt(values[i] / largest));
        view.brush.beginPath();
        view.brush.arc(x, y, radius, 0, 7);
        view.brush.globalAlpha = 0.65;
        view.brush.fillStyle = layer.classes[0].fill;
        view.brush.fill();
        view.brush.globalAlpha = 1;
        view.brush.lineWidth = 1;
        view.brush.strokeStyle = "#FFFFFF";
        view.brush.stroke();
        if (radius >= 9) this.text(view, String(values[i]), x, y, 11, "#3B1D05", 600);
        wangge.written.marks++;
      }
    },

    caption(view, layer, i, x, y) {
      const [column, zh, en] = layer.caption;
      const value = layer.table?.[column][i];
      if (!value || value <= 0) return;
      const unit = layer.columns.find((one) => one.name === column).unit;
      const word = wangge.language() === "zh" ? zh : en;
      this.text(view, `${word} ${wangge.number(Math.ceil(value))} ${unit}`, x, y, 11, "#7A1F2B", 600);
    },

    names(view, layer) {
      if (view.zoom < layer.namesFrom) return;
      // Above the mark where figures stand below it; a little further off where that is taken.
      const places = layer.caption ? [-17, 31, -33, 47] : layer.marks ? [16, -16, 30] : [0];
      for (const [i, x, y] of wangge.inView(view, layer)) {
        const label = short(layer.index.label[i]);
        if (places.some((low) => this.text(view, label, x, y + low, 12, "#1F2933", 500))) wangge.written.names++;
      }
    },

    places(view) {
      const all = wangge.block("wg-places");
      const kinds = view.zoom < 13 ? ["street_outlines"] : view.zoom < 16 ? ["community_outlines"] : [];
      const taken = wangge.layers.get("coverage")?.visible && view.zoom >= 13;
      for (const kind of kinds) {
        if (taken && kind === "community_outlines") continue;
        for (const [label, lon, lat] of all[kind] ?? []) {
          const at = view.map.latLngToContainerPoint([lat, lon]).add(view.pad);
          const within = at.x > 0 && at.y > 0 && at.x < view.size.x + 2 * view.pad.x && at.y < view.size.y + 2 * view.pad.y;
          if (within) this.text(view, short(label), at.x, at.y, kind === "street_outlines" ? 13 : 12, "#52606D", 500);
        }
      }
    },

    text(view, words, x, y, size, ink, weight) {
      const { brush } = view;
      brush.font = `${weight} ${size}px ${FONT}`;
      const shown = words.length > 18 ? words.slice(0, 17) + "…" : words;
      if (!view.taken.claim(x, y, brush.measureText(shown).width + 6, size + 5)) return false;
      brush.lineJoin = "round";
      brush.lineWidth = 3.5;
      brush.strokeStyle = wangge.theme.ink("#FFFFFF");
      brush.strokeText(shown, x, y);
      brush.fillStyle = wangge.theme.ink(ink);
      brush.fillText(shown, x, y);
      return true;
    },
  });

  wangge.marks = new Marks();
})();
