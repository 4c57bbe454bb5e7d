"""Files appear whole or not at all, and private ones are private from the first byte."""

import hashlib
import os

import pytest

from gis import files


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_file_is_private_before_anything_is_in_it_and_appears_at_the_end(tmp_path):
    out = tmp_path / "new" / "out.txt"
    with files.whole(out) as draft:
        assert mode(draft) == 0o600
        draft.write_text("figures")
        assert not out.exists()
    assert (out.read_text(), mode(out)) == ("figures", 0o600)
    assert os.listdir(out.parent) == ["out.txt"]


def test_what_fails_leaves_the_file_as_it_was_and_no_draft(tmp_path):
    out = tmp_path / "out.txt"
    files.write_whole(out, "old")
    with pytest.raises(UnicodeEncodeError), files.whole(out) as draft:
        draft.write_text("half, then a sign that cannot be written: \ud800")
    assert out.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.txt"]


def test_a_mode_holds_whatever_the_process_takes_away(tmp_path):
    before = os.umask(0o077)
    try:
        files.write_whole(tmp_path / "open", b"", mode=files.OPEN)
        with files.whole(tmp_path / "as_usual", mode=None):
            pass
    finally:
        os.umask(before)
    assert (mode(tmp_path / "open"), mode(tmp_path / "as_usual")) == (0o644, 0o600)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    files.write_whole(tmp_path / "file", "五华")
    assert files.sha256(tmp_path / "file") == hashlib.sha256("五华".encode()).hexdigest()
