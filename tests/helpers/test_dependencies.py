"""Which modules a piece of Python needs: those of a fresh interpreter that runs it."""
import subprocess
import sys

import pytest

from helpers import dependencies


def names(source):
    return {path.relative_to(dependencies.FOLDER).as_posix() for path in dependencies.needed(source)}


@pytest.mark.parametrize("source", [
    "from helpers import crowd", "import helpers.explore", "from helpers.sweep import sweep as many", "from helpers.twins import gossip",
    "from helpers import atlas, foraging", "import helpers.twins.forest"])
def test_what_python_itself_imports_is_among_what_is_needed(source):
    done = subprocess.run([sys.executable, "-c", f"{source}\nimport sys\nfor one in list(sys.modules.values()):\n"
                           "    if one.__name__.split('.')[0] == 'helpers': print(one.__file__)"],
                          capture_output=True, text=True, check=True)
    imported = {dependencies.FOLDER.__class__(line).relative_to(dependencies.FOLDER).as_posix() for line in done.stdout.split()}
    assert imported and imported <= names(source)


def test_what_a_function_imports_later_counts_and_what_nobody_imports_does_not():
    needed = names("def later():\n    from helpers import crowd\n")
    assert "crowd.py" in needed and "checks.py" in needed and "__init__.py" in needed
    assert "foraging.py" not in needed


def test_what_is_not_of_this_package_and_what_is_no_module_are_passed_over():
    assert names("import numpy as np\nfrom os import path\nx = 1") == set()
    assert names("from helpers import nothing_of_the_kind") == {"__init__.py"}


def test_what_is_no_python_is_refused():
    with pytest.raises(SyntaxError):
        dependencies.needed("def (")


def test_a_module_that_changed_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(dependencies, "FOLDER", tmp_path)
    for name in ("__init__", "first", "second"):
        (tmp_path / f"{name}.py").write_text("")
    assert names("from helpers import first") == {"__init__.py", "first.py"}
    (tmp_path / "first.py").write_text("from . import second")
    assert names("from helpers import first") == {"__init__.py", "first.py", "second.py"}
