"""One sentence per breach of the law on video, in both languages: rule, figures, since when."""

from typing import Any

import pandas as pd

from gis.video.rules import LawRules

_SAYS = {
    "legal_basis_missing": (
        "未说明建设依据，其余义务无从判断",
        "no legal basis is stated, so its other duties cannot be judged",
    ),
    "forbidden_place": (
        "安装在禁止安装的场所内：{figure}",
        "stands in a forbidden place: {figure}",
    ),
    "forbidden_view": (
        "视场照入禁止拍摄的场所（其外墙按有窗计）：{figure}",
        "its view field reaches into a forbidden place, whose outer walls are taken for windows:"
        " {figure}",
    ),
    "forbidden_view_possible": (
        "能够转向、或因方向未登记可能照入禁止拍摄的场所（其外墙按有窗计）：{figure}",
        "can be turned, or since its direction is not on record may look, into a forbidden place,"
        " whose outer walls are taken for windows: {figure}",
    ),
    "sign_missing": ("未设置显著提示标识", "has no conspicuous sign"),
    "not_filed": (
        "未向公安机关备案，期限为 {figure}",
        "is not filed with the police; it was due on {figure}",
    ),
    "filed_late": ("备案逾期：{figure}", "was filed late: {figure}"),
    "retention_short": (
        "录像保存天数不足：{figure} 天",
        "keeps recordings too short: {figure} days",
    ),
}


def law_findings(breaches: pd.DataFrame, cameras: pd.DataFrame, rules: LawRules) -> pd.DataFrame:
    """Rows of video_findings, one per breach of `lawful.breaches` and `lawful.misplaced`."""
    found = breaches.merge(cameras[["camera", "area_code"]], on="camera")
    columns = (found[name] for name in ("kind", "rule", "since", "figure"))
    told = [_told(*row, rules=rules) for row in zip(*columns, strict=True)]
    return pd.DataFrame(
        {
            "area_code": found["area_code"],
            "kind": found["kind"],
            "rule": found["rule"],
            "camera_key": found["camera"],
            "compound_code": None,
            "since": found["since"],
            "reason_zh": [zh for zh, _ in told],
            "reason_en": [en for _, en in told],
        },
        dtype=object,
    )


def _told(kind: str, rule: str, since: Any, figure: str, *, rules: LawRules) -> tuple[str, str]:
    zh, en = (words.format(figure=figure) for words in _SAYS[kind])
    source = rules.source[rule]
    return f"{rule}：{zh}，自 {since} 起（{source}）", f"{rule}: {en}, since {since} ({source})"
