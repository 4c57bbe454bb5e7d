"""Signatures of the home's key: manifests of files and heads of the audit trail."""

import json
import stat
from datetime import UTC, datetime

import pytest

from data.export import manifest
from gis.audit import heads
from gis.audit.entry import Anchor
from gis.audit.signing import Signer, holds
from gis.errors import BadInput

AT = datetime(2026, 10, 1, tzinfo=UTC)


def test_the_key_is_made_once_and_private(tmp_path):
    first, again = Signer(tmp_path), Signer(tmp_path)
    assert first.public_key == again.public_key
    assert stat.S_IMODE((tmp_path / "audit.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["audit.key"]


def test_a_key_that_is_no_key_is_refused(tmp_path):
    (tmp_path / "audit.key").write_text("not hexadecimal")
    with pytest.raises(BadInput, match=r"audit\.key"):
        Signer(tmp_path)


@pytest.mark.parametrize(
    "change", [{"rows": 8}, {"more": 1}, {"signature": "00"}, {"signature": None},
               {"public_key": "00"}],
)  # fmt: skip
def test_a_changed_document_does_not_hold(tmp_path, change):
    signer = Signer(tmp_path)
    document = signer.signed({"rows": 7, "用途": "会议"})
    assert signer.holds(document)
    assert not signer.holds({**document, **change})


def test_another_homes_signature_does_not_hold_here(tmp_path):
    one, other = Signer(tmp_path / "a"), Signer(tmp_path / "b")
    document = other.signed({"rows": 7})
    assert not one.holds(document)
    assert holds(document, public_key=other.public_key)


@pytest.fixture
def exported(tmp_path):
    file = tmp_path / "rating.csv"
    file.write_text("code\n1\n")
    file.chmod(0o600)
    manifest.write(file, {"rows": 1}, Signer(tmp_path).signed)
    return file


def test_a_file_is_held_to_its_manifest(exported, tmp_path):
    found = manifest.check(exported, Signer(tmp_path).holds)
    assert (found["file"], found["bytes"], found["rows"]) == ("rating.csv", 7, 1)
    assert stat.S_IMODE(manifest.beside(exported).stat().st_mode) == 0o600


def test_a_changed_file_is_found(exported, tmp_path):
    exported.write_text("code\n2\n")
    with pytest.raises(BadInput, match="was changed"):
        manifest.check(exported, Signer(tmp_path).holds)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"file": "rating.csv"}'])
def test_a_forged_manifest_is_found(exported, tmp_path, text):
    manifest.beside(exported).write_text(text)
    with pytest.raises(BadInput, match=r"manifest"):
        manifest.check(exported, Signer(tmp_path).holds)


def test_a_manifest_goes_with_one_file_only(exported, tmp_path):
    other = exported.with_name("other.csv")
    other.write_bytes(exported.read_bytes())
    manifest.beside(other).write_bytes(manifest.beside(exported).read_bytes())
    with pytest.raises(BadInput, match="not the file"):
        manifest.check(other, Signer(tmp_path).holds)


def test_heads_are_read_back_and_forged_ones_are_found(tmp_path):
    signer, file = Signer(tmp_path), tmp_path / "heads.jsonl"
    heads.append(file, Anchor(3, b"a" * 32), signer, at=AT)
    forged = {"number": 9, "hash": "00" * 32, "public_key": signer.public_key, "signature": "00"}
    with file.open("a") as lines:
        lines.write(json.dumps(forged) + "\nnot json\n")
    heads.append(file, Anchor(5, b"b" * 32), signer, at=AT)
    found = heads.read(file, signer)
    assert found.anchors == {3: b"a" * 32, 5: b"b" * 32}
    assert [(one.code, one.number) for one in found.findings] == [("unsigned", 2), ("unsigned", 3)]


def test_two_heads_that_contradict_each_other_are_found(tmp_path):
    signer, file = Signer(tmp_path), tmp_path / "heads.jsonl"
    heads.append(file, Anchor(3, b"a" * 32), signer, at=AT)
    heads.append(file, Anchor(3, b"b" * 32), signer, at=AT)
    (finding,) = heads.read(file, signer).findings
    assert (finding.code, finding.number) == ("replaced", 3)
