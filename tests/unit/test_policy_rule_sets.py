"""A policy file is taken only if every class of rules in the house can be read from it."""

import ast
from pathlib import Path

import pytest

from api.policies import rulebook
from api.policies.rule_sets import RULE_SETS
from gis.errors import BadPolicy

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "data" / "reference" / "policy.toml"


def test_no_class_of_rules_is_forgotten():
    written = {
        (".".join(path.relative_to(ROOT).with_suffix("").parts), node.name)
        for floor in ("gis", "maps", "data", "api")
        for path in (ROOT / floor).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and any(map(_reads_the_policy, node.body))
    }
    assert written - {("api.policies.rule_sets", "RuleSet")} == {
        (one.__module__, one.__name__) for one in RULE_SETS
    }


def _reads_the_policy(node):
    """Whether it is a class's way to be made of a policy and nothing else."""
    return (
        isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one) == "classmethod" for one in node.decorator_list)
        and [ast.unparse(one.annotation) for one in node.args.args[1:]] == ["Policy"]
    )


def test_the_built_in_policy_is_taken(tmp_path):
    assert rulebook.checked(BUILTIN, 'version = "t"', tmp_path).version == "t"


@pytest.mark.parametrize(
    ("rule", "values", "zh", "en"),
    [
        ("COM-2", "households_per_worker = 0", "至少为 1", "1 or more"),
        ("EVA-1", "weight_satisfaction = 0.9", "权重之和应为 1", "must sum to 1, not to"),
        ("EVA-2", "standard_min = 99.5", "应满足 standard_min", "needed: standard_min"),
        ("EVA-2", "years_below = 0", "至少为 1", "1 or more"),
        ("REN-1", "h3_resolutions = [7]", "8、9、10 中的", "one or more of 8, 9, 10"),
        ("REN-1", "suppress_below = 1", "至少为 2", "2 or more"),
        ("SAF-1", "window_months = 2", "应满足 window_months", "needed: window_months"),
        ("SAF-ALARM", "shift = 1.0", "应满足 shift", "needed: shift"),
        ("VID-2", "deepest = 1", "至少为 2", "2 or more"),
        ("VID-2", 'coverage_quality = "sharp"', "以下之一：detect", "one of detect, observe"),
        ("VIEW", 'quality_names = ["detect"]', "一一对应", "of one length"),
        ("VIEW", "quality_names = []\nquality_px_per_m = []", "大于 0", "above 0"),
        ("VIEW", "quality_px_per_m = [25.0, 25.0, 125.0, 250.0]", "逐级增大", "rising"),
        ("VIEW", "default_tilt_deg = [15.0]", "各有一项", "one entry per kind"),
    ],
)
def test_what_a_run_could_not_use_is_refused_in_both_languages(tmp_path, rule, values, zh, en):
    with pytest.raises(BadPolicy) as refused:
        rulebook.checked(BUILTIN, f"[rules.{rule}]\n{values}\n", tmp_path)
    said = str(refused.value).partition(" / ")
    assert said[0].startswith(rule), said
    assert zh in said[0]
    assert said[2].startswith(rule)
    assert en in said[2]
