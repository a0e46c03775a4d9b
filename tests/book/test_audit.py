"""What the audit reads of packages' licences, what it finds fault with, and what it says where nothing can be asked."""
import json
import sys
import zipfile
from email import message_from_string
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
import audit  # noqa: E402

CLASSIFIED = "Name: x\nClassifier: Programming Language :: Python\nClassifier: License :: OSI Approved :: MIT License\n"


@pytest.mark.parametrize(("metadata", "file", "said"), [
    (CLASSIFIED + "License-Expression: BSD-3-Clause\nLicense: mine\n", "", "BSD-3-Clause"),
    (CLASSIFIED + "License: mine\n", "", "MIT License"),
    (CLASSIFIED + "Classifier: License :: OSI Approved :: BSD License\n", "", "MIT License AND BSD License"),
    ("License: Apache 2.0\n        of January 2004\n", "The MIT License", "Apache 2.0"),
    ("Name: x\n", "\nMIT License\n\nCopyright\n", "MIT License"),
    ("Name: x\n", "", "")])
def test_a_licence_is_read_in_whichever_form_it_is_said(metadata, file, said):
    assert audit.licence(message_from_string(metadata), file) == said


@pytest.mark.parametrize(("said", "fine"), [
    ("MIT", True), ("BSD License", True), ("Apache-2.0 WITH LLVM-exception AND MPL-2.0", True), ("LGPL-3.0-only", True),
    ("GNU Lesser General Public License v3 (LGPLv3)", True), ("(MIT OR GPL-3.0-or-later)", True), ("MIT AND (GPL-3.0 OR Zlib)", True),
    ("", False), ("GPL-3.0-only", False), ("GNU General Public License (GPL)", False), ("MIT AND GPL-2.0", False),
    ("Proprietary", False), ("MITRE", False), ("CC-BY-NC-4.0", False), ("Copyright (c) 2001 Somebody", False), ("Omit", False)])
def test_of_licences_that_bind_the_book_each_is_named(said, fine, capsys):
    assert audit.fine(said) is fine
    wrong = audit.licences("Packages", [("good", "1", "MIT"), ("odd", "2", said)])
    assert len(wrong) == (not fine)
    assert fine or wrong[0].startswith("Packages: odd 2: " + (said or "the licence is not known"))
    assert "good" in capsys.readouterr().out


def test_nothing_to_look_at_is_no_success():
    assert audit.licences("Packages", []) == ["Packages: NOT checked: nothing is there; run `make html` first"]


def test_a_lock_s_packages_are_those_that_are_installed_here():
    lock = "".join(f"{line} \\\n    --hash=sha256:00\n"
                   for line in ("pytest==0.1", "no-such-package==1", "elsewhere==1 ; sys_platform == 'nowhere'"))
    found = {name: said for name, _, said in audit.installed(lock)}
    assert found.keys() == {"pytest", "no-such-package", "torch"}
    assert found["pytest"] == found["no-such-package"] == ""  # of another version; not there
    assert audit.fine(found["torch"])


def test_the_wheels_of_the_browser_are_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "x-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("x/__init__.py", "")
        wheel.writestr("x-1.dist-info/METADATA", "Name: x\nVersion: 1\n")
        wheel.writestr("x-1.dist-info/licenses/LICENSE", "MIT License\n")
    assert list(audit.in_browser(tmp_path)) == [("x", "1", "MIT License")]


def test_what_else_the_site_ships_says_its_licence():
    assert all(audit.fine(said) for _, _, said in audit.shipped())


def test_a_file_that_no_longer_says_its_licence_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(audit.SHIPPED, "a font", (tmp_path / "gone", "words", "MIT"))
    assert ("a font", "", "") in audit.shipped()


def asked(monkeypatch, tmp_path, stdout, stderr=""):
    monkeypatch.setattr(audit.subprocess, "run", lambda *words, **options: SimpleNamespace(stdout=stdout, stderr=stderr, returncode=0))
    (tmp_path / "lock").write_text("numpy==2 \\\n    --hash=sha256:00\n", encoding="utf-8")
    return audit.vulnerabilities(tmp_path / "lock", [("torch", "2")])


def test_without_a_network_vulnerabilities_are_not_checked_and_one_line_says_so(monkeypatch, tmp_path):
    line, = asked(monkeypatch, tmp_path, "", "Traceback\n  many lines\nConnectionError: no such host")
    assert line == "vulnerabilities: NOT checked: numpy, torch: pip-audit gave up: ConnectionError: no such host"


def test_packages_that_are_passed_over_are_not_checked(monkeypatch, tmp_path):
    skipped = json.dumps({"dependencies": [{"name": "numpy", "skip_reason": "not found"}]})
    assert asked(monkeypatch, tmp_path, skipped) == ["vulnerabilities: NOT checked: numpy: PyPI does not answer what is known against them"]


def test_what_is_known_is_named_with_its_cure(monkeypatch, tmp_path):
    found = json.dumps({"dependencies": [{"name": "numpy", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}]})
    assert asked(monkeypatch, tmp_path, found)[0] == "vulnerabilities: numpy 2: CVE-1, mended in 3"
    assert asked(monkeypatch, tmp_path, json.dumps({"dependencies": [{"name": "numpy", "version": "2", "vulns": []}]})) == []
