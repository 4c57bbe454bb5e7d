"""Invented names of compounds, roads and facilities; no name of a person is among them."""
# ruff: noqa: SIM905 - lists of words read better as words

import numpy as np

from data.demo.kinds import KINDS
from gis.arrays import Ints
from gis.compounds.model import CompoundKind

_FIRST = (
    "翠湖 莲池 圆通 凤翥 虹山 龙泉 西坝 金碧 滇池 长虫 玉案 棋盘 筇竹 海源 春漫 云安 春城 碧鸡 "
    "金马 螺峰 茶花 樱花 蓝楹 桂苑 银桦 梧桐 清泉 麦溪 盘江 彩云 朝阳 和平 光华 文林 学府 教场 "
    "昌源 海屯 科普 王筇 马街 丰宁 丹霞 北辰 滇缅 江岸 白云 红菱 月牙 松坡"
).split()
_MIDDLE = "和 安 丽 嘉 瑞 锦 华 福 康 悦 景 雅 泰 宁 祥 兴 德 明 新 润".split()
_SUFFIXES = {
    CompoundKind.COMMODITY: "花园 家园 名苑 雅居 华府 公馆 城 御园 国际 庭院".split(),
    CompoundKind.OLD: "小区 新村 里 巷小区 大院 南区 北区 东区".split(),
    CompoundKind.URBAN_VILLAGE: "村 上村 下村 小村 大村 中村 营 坡村".split(),
    CompoundKind.RESETTLEMENT: "安置小区 回迁房 新居 社区花园 安居苑".split(),
    CompoundKind.UNIT_HOUSING: (
        "机床厂宿舍 铁路宿舍 纺织厂宿舍 邮电宿舍 师范宿舍 冶炼厂宿舍 地质队宿舍 省建公司宿舍"
    ).split(),
    CompoundKind.AFFORDABLE: "公租房 廉租房 惠民家园 保障房小区".split(),
}
_ROADS = "路 街 大道 巷".split()


def compounds(kind: Ints, rng: np.random.Generator) -> list[str]:
    """A name per compound; a second one of the same name becomes its second phase, and so on."""
    first = rng.integers(len(_FIRST), size=len(kind))
    middle = rng.integers(len(_MIDDLE), size=len(kind))
    suffix = rng.integers(1000, size=len(kind))
    found: list[str] = []
    seen: dict[str, int] = {}
    for number, at in enumerate(kind.tolist()):
        ends = _SUFFIXES[KINDS[at]]
        name = _FIRST[first[number]] + _MIDDLE[middle[number]] + ends[suffix[number] % len(ends)]
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}{seen[name]}期")
    return found


def road(line: int, *, along_x: bool) -> str:
    """The name of the lattice line; the same line has the same name everywhere."""
    number = line * 2 + int(along_x)
    first, rest = number % len(_FIRST), number // len(_FIRST)
    middle = _MIDDLE[rest % len(_MIDDLE)] if rest else ""
    kind = _ROADS[2] if line % 12 == 0 else _ROADS[0] if along_x else _ROADS[1]
    return _FIRST[first] + middle + kind
