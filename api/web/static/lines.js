// Shares by day, one line each with its threshold; the figures stand in the page's table as well.
(function () {
  "use strict";
  const LOOKS = [["#2B6CB0", "solid", "circle"], ["#7B4BA0", "dashed", "triangle"]];
  const DARK = ["#7DB3EC", "#C7A6E3"];
  for (const box of document.querySelectorAll("[data-lines]")) {
    const told = JSON.parse(box.dataset.lines);
    const style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--pico-color").trim() || "#26323f";
    const rule = style.getPropertyValue("--pico-muted-border-color").trim() || "#ccd";
    const dark = document.documentElement.dataset.theme === "dark";
    box.style.height = "17rem";
    const chart = echarts.init(box, null, { renderer: "canvas" });
    const known = told.series.flatMap((one) => [one.threshold, ...one.values]).filter((value) => value !== null);
    const low = Math.max(0, Math.floor((Math.min(...known) - 1) / 5) * 5);
    const narrow = box.clientWidth < 500;
    chart.setOption({
      animation: false,
      textStyle: { color: ink, fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: narrow ? 16 : 150, top: 44, bottom: 8, containLabel: true },
      legend: { top: 4, left: 0, textStyle: { color: ink }, itemWidth: 28 },
      tooltip: { trigger: "axis", valueFormatter: (value) => (value === null || value === undefined ? "—" : `${value} %`) },
      xAxis: { type: "category", data: told.days, axisLabel: { color: ink, formatter: (day) => day.slice(5) } },
      yAxis: { type: "value", min: low, max: 100, axisLabel: { color: ink, formatter: "{value} %" }, splitLine: { lineStyle: { color: rule } } },
      series: told.series.map((one, at) => {
        const [colour, dash, symbol] = LOOKS[at % LOOKS.length];
        const own = dark ? DARK[at % DARK.length] : colour;
        return {
          name: one.name, type: "line", data: one.values, symbol, symbolSize: 5, showSymbol: told.days.length < 70,
          lineStyle: { color: own, type: dash, width: 2 }, itemStyle: { color: own },
          markLine: {
            silent: true, symbol: "none", lineStyle: { color: own, type: "dotted", width: 1.5 },
            label: { show: !narrow, formatter: one.line, color: ink, position: "end" }, data: [{ yAxis: one.threshold }],
          },
        };
      }),
    });
    addEventListener("resize", () => chart.resize());
    document.documentElement.dataset.chartReady = "true";
  }
})();
