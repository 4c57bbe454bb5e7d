// Measuring, choosing a box, "where am I": modes of the map that end with Escape or a second click.
(function () {
  "use strict";
  const { element, bi } = wangge;
  const A_M = 6378137; // WGS 84
  const E2 = 0.00669437999014;
  const stage = document.querySelector(".stage");
  const bar = element("div", { class: "map-tools", role: "group" });
  const readout = element("output", { class: "readout" });
  readout.hidden = true;

  // Metres per degree at a latitude, along the meridian and along the parallel of the ellipsoid.
  function scale(lat) {
    const sin2 = Math.sin((lat * Math.PI) / 180) ** 2;
    const n = A_M / Math.sqrt(1 - E2 * sin2);
    const m = (A_M * (1 - E2)) / (1 - E2 * sin2) ** 1.5;
    return { north: (m * Math.PI) / 180, east: (n * Math.cos((lat * Math.PI) / 180) * Math.PI) / 180 };
  }

  function length(points) {
    let total = 0;
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      const per = scale((a.lat + b.lat) / 2);
      total += Math.hypot((b.lng - a.lng) * per.east, (b.lat - a.lat) * per.north);
    }
    return total;
  }

  // The ring in the ellipsoid's equal-area cylinder (Snyder 1987, equation 3-12): its area is true.
  function area(points) {
    const e = Math.sqrt(E2);
    const xy = points.map(({ lng, lat }) => {
      const sin = Math.sin((lat * Math.PI) / 180);
      const q = (1 - E2) * (sin / (1 - E2 * sin * sin) + Math.atanh(e * sin) / e);
      return [(A_M * (lng - points[0].lng) * Math.PI) / 180, (A_M * q) / 2];
    });
    const south = xy[0][1];
    const twice = xy.reduce((sum, [x, y], i) => {
      const [nextX, nextY] = xy[(i + 1) % xy.length];
      return sum + x * (nextY - south) - nextX * (y - south);
    }, 0);
    return Math.abs(twice) / 2;
  }

  const metres = (m) => (m < 1000 ? `${m.toFixed(m < 100 ? 1 : 0)} m` : `${(m / 1000).toFixed(2)} km`);
  const square = (m2) => (m2 < 1e6 ? `${Math.round(m2).toLocaleString("en-US")} m²` : `${(m2 / 1e6).toFixed(3)} km²`);

  function tell(...content) {
    readout.replaceChildren(...content);
    readout.hidden = content.length === 0;
  }

  const line = { color: wangge.theme.ink("#1D4E89"), weight: 3, dashArray: "6 5", interactive: false, wgSteady: true, pane: "chosen" };
  const measure = {
    points: [], drawn: null,
    begin() {
      this.points = [];
      tell(bi("点地图量距离，三点以上同时显示面积；Esc 结束", "Click the map to measure; area from three points on; Escape ends"));
    },
    click(at) {
      this.points.push(at);
      this.drawn?.remove();
      this.drawn = (this.points.length > 2 ? L.polygon(this.points, { ...line, fillColor: line.color, fillOpacity: 0.12 }) : L.polyline(this.points, line)).addTo(wangge.map);
      if (this.points.length < 2) return;
      const far = metres(length(this.points));
      const wide = this.points.length > 2 ? square(area(this.points)) : null;
      tell(bi(`距离 ${far}`, `Length ${far}`), ...(wide ? [" · ", bi(`面积 ${wide}`, `Area ${wide}`)] : []));
    },
    end() { this.drawn?.remove(); this.drawn = null; tell(); },
  };

  const box = {
    begin() {
      this.first = null;
      tell(bi("点两个对角，框选区域内的小区", "Click two opposite corners to filter the list"));
    },
    click(at) {
      if (!this.first) {
        this.first = at;
        this.drawn = L.rectangle([at, at], { ...line, fillOpacity: 0.08 }).addTo(wangge.map);
        return;
      }
      const chosen = L.latLngBounds(this.first, at);
      stop();
      wangge.emit("box", [chosen.getWest(), chosen.getSouth(), chosen.getEast(), chosen.getNorth()]);
    },
    move(at) { if (this.first) this.drawn.setBounds(L.latLngBounds(this.first, at)); },
    end() { this.drawn?.remove(); this.drawn = null; this.first = null; tell(); },
  };

  let pressed = null;
  function start(tool, button) {
    const again = wangge.tool === tool;
    stop();
    if (again) return;
    wangge.tool = tool;
    pressed = button;
    button.setAttribute("aria-pressed", "true");
    document.body.classList.add("planning");
    tool.begin();
  }
  function stop() {
    wangge.tool?.end();
    wangge.tool = null;
    pressed?.setAttribute("aria-pressed", "false");
    document.body.classList.remove("planning");
  }

  async function locate() {
    tell(bi("正在定位…", "Finding your position…"));
    navigator.geolocation.getCurrentPosition(async ({ coords }) => {
      const at = L.latLng(coords.latitude, coords.longitude);
      here?.remove();
      here = L.circleMarker(at, { radius: 8, color: "#fff", weight: 3, fillColor: "#2b6cb0", fillOpacity: 1, interactive: false, pane: "chosen" }).addTo(wangge.map);
      wangge.map.setView(at, Math.max(wangge.map.getZoom(), 16), { animate: false });
      const grid = await gridAt(at);
      tell(grid ? bi(`您在网格 ${grid}`, `You are in grid ${grid}`) : bi("此处没有网格", "There is no grid here"));
    }, () => tell(bi("无法定位：请允许浏览器使用位置", "No position: allow the browser to use it")), { timeout: 10000 });
  }
  let here = null;

  async function gridAt({ lat, lng }) {
    const answer = await fetch(`${wangge.config.api}/layers/grids/at?lon=${lng}&lat=${lat}`);
    const [found] = answer.ok ? (await answer.json()).features : [];
    return found ? found.properties.name || found.id : null;
  }

  function button(zh, en, path, act) {
    const made = element("button", { type: "button", "data-zh-title": zh, "data-en-title": en, "aria-pressed": "false" });
    made.append(wangge.svg("", "0 0 20 20", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" }));
    made.addEventListener("click", () => act(made));
    bar.append(made);
  }
  button("量距离和面积", "Measure length and area", "M3 13L13 3l4 4L7 17zM6 10l2 2M9 7l2 2M12 4l2 2", (own) => start(measure, own));
  if (wangge.config.mode === "server") {
    if (window.parent !== window) button("框选", "Choose a box", "M3 3h3M9 3h2M14 3h3v3M17 9v2M17 14v3h-3M11 17H9M6 17H3v-3M3 11V9M3 6V3", (own) => start(box, own));
    if (navigator.geolocation) button("我的位置和网格", "My position and grid", "M10 6a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM10 1.500v3M10 15.500v3M1.500 10h3M15.500 10h3", locate);
  }
  stage.append(bar, readout);
  window.addEventListener("keydown", (event) => event.key === "Escape" && stop());
  Object.assign(wangge, { tool: null, measured: { length, area } });
})();
