"""Archives: the same bytes for the same contents; whatever a stranger's zip tries is refused with its name."""

from __future__ import annotations

import stat
import zipfile

import pytest

from easel.archives import SUMS, check_sums, read_zip, sums_of, write_zip
from easel.errors import ConfigurationError

CONTENTS = {"b/two.txt": b"two\n" * 400, "a.txt": b"one\n"}


def raw(path, *entries, mode="w"):
    """entries : (name or ZipInfo, data)"""
    with zipfile.ZipFile(path, mode, zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def test_bytes_depend_on_contents_alone(tmp_path):
    one = write_zip(tmp_path / "one.zip", CONTENTS)
    other = write_zip(tmp_path / "other.zip", dict(reversed(CONTENTS.items())))
    assert one.read_bytes() == other.read_bytes()
    read = read_zip(one)
    assert read == {**CONTENTS, SUMS: sums_of(CONTENTS).encode()}
    check_sums(read, where="one.zip")


@pytest.mark.parametrize("name", [
    "../out.txt", "a/../../out.txt", "/etc/passwd", "C:/out.txt", "C:out.txt", "a\\..\\out.txt", "a//b", "./a", "a/.",
])
def test_names_that_lead_out_are_refused(tmp_path, name):
    with pytest.raises(ConfigurationError, match=r"expected names inside one folder, got .* \(at evil\.zip\)"):
        read_zip(raw(tmp_path / "evil.zip", ("fine.txt", b""), (name, b"x")))
    with pytest.raises(ConfigurationError, match="expected names inside one folder"):
        write_zip(tmp_path / "never.zip", {name: b"x"})
    assert not (tmp_path / "never.zip").exists()


def test_a_name_with_a_nul_is_judged_as_written(tmp_path):
    path = raw(tmp_path / "evil.zip", ("fine.txtXetc", b"x"))
    path.write_bytes(path.read_bytes().replace(b"fine.txtXetc", b"fine.txt\0etc"))
    with pytest.raises(ConfigurationError, match="names inside one folder|a whole file"):
        read_zip(path)


@pytest.mark.parametrize(("kind", "words"), [
    (stat.S_IFLNK, "expected plain files alone, got a link, 'link'"),
    (stat.S_IFIFO, "expected plain files alone, got a special file, 'link'"),
])
def test_links_and_special_files_are_refused(tmp_path, kind, words):
    entry = zipfile.ZipInfo("link")
    entry.create_system, entry.external_attr = 3, (kind | 0o777) << 16
    with pytest.raises(ConfigurationError, match=words):
        read_zip(raw(tmp_path / "evil.zip", (entry, b"/etc/passwd")))


def test_what_is_declared_too_large_is_not_unpacked(tmp_path, monkeypatch):
    path = raw(tmp_path / "bomb.zip", ("zeros", b"\0" * 3_000_000))
    assert path.stat().st_size < 10_000
    many = raw(tmp_path / "many.zip", ("a", b""), ("b", b""))
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(ConfigurationError, match=r"expected at most 2,000,000 bytes unpacked, got 3,000,000 declared"):
        read_zip(path, most_bytes=2_000_000)
    with pytest.raises(ConfigurationError, match=r"expected at most 1 files, got 2 \(at many\.zip\)"):
        read_zip(many, most_files=1)


def test_a_declared_size_that_lies_gives_no_more_than_it_declares(tmp_path):
    path = raw(tmp_path / "liar.zip", ("zeros", b"\0" * 3_000_000))
    size = (3_000_000).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(size, (10).to_bytes(4, "little")))
    with pytest.raises(ConfigurationError, match=r"expected a whole file zeros, got Bad CRC-32"):
        read_zip(path, most_bytes=1000)


def test_a_zip_that_is_cut_off_or_none_is_told(tmp_path):
    path = write_zip(tmp_path / "whole.zip", CONTENTS)
    for length in (0, 10, len(path.read_bytes()) // 2, len(path.read_bytes()) - 5):
        (tmp_path / "cut.zip").write_bytes(path.read_bytes()[:length])
        with pytest.raises(ConfigurationError, match=r"expected a whole zip file, got .* \(at cut\.zip\)"):
            read_zip(tmp_path / "cut.zip")
    with pytest.raises(ConfigurationError, match=r"expected a zip file, got none \(at gone\.zip\)"):
        read_zip(tmp_path / "gone.zip")


def test_a_damaged_file_is_named(tmp_path):
    path = raw(tmp_path / "damaged.zip", ("first.txt", b"fine"), ("second.txt", bytes(range(256))))
    data = bytearray(path.read_bytes())
    at = data.index(b"second.txt") + len("second.txt") + 40
    data[at] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ConfigurationError, match=r"expected a whole file second\.txt"):
        read_zip(path)


def test_a_name_twice_and_a_password_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = raw(tmp_path / "twice.zip", ("a", b"1"), ("a", b"2"))
    with pytest.raises(ConfigurationError, match="expected every name once, got a twice"):
        read_zip(path)
    locked = raw(tmp_path / "locked.zip", ("a", b"1"))
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(data)
    with pytest.raises(ConfigurationError, match="expected files without a password, got a"):
        read_zip(locked)


@pytest.mark.parametrize(("change", "words"), [
    ({"a.txt": b"One\n"}, r"expected the bytes of a\.txt that SHA256SUMS was written for, got others"),
    ({"a.txt": None}, r"expected the file a\.txt, which SHA256SUMS lists, got none"),
    ({"c.txt": b""}, r"expected files that SHA256SUMS lists, got c\.txt"),
    ({SUMS: None}, r"expected a file SHA256SUMS, got none"),
    ({SUMS: b"nonsense\n"}, r"expected lines 'sha256  name', each name once, got nonsense \(at SHA256SUMS line 1\)"),
    ({SUMS: (sums_of(CONTENTS) * 2).encode()}, r"each name once, got .* a\.txt \(at SHA256SUMS line 3\)"),
])
def test_sums_tell_what_changed(change, words):
    contents = {**CONTENTS, SUMS: sums_of(CONTENTS).encode(), **change}
    with pytest.raises(ConfigurationError, match=words):
        check_sums({name: data for name, data in contents.items() if data is not None}, where="x.zip")
