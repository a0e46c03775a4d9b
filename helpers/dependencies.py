"""Which modules of this package a piece of Python needs: those that it imports, those that these import, and so on."""
import ast
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

FOLDER = Path(__file__).parent


def _file_of(name: str) -> Path | None:
    """The file of the module `name`, such as helpers.twins.crowd; None if there is no such module here."""
    path = FOLDER.joinpath(*name.split(".")[1:])
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


@cache
def _named(source: str, package: str) -> set[str]:
    """The dotted names that `source`, a module in `package`, imports anywhere in it; what is no module may be among them."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def needed(source: str) -> set[Path]:
    """The files of this package that Python `source` needs. Raises SyntaxError if it is none."""
    files, waiting = set(), list(_named(source, "helpers"))
    while waiting:
        parts = waiting.pop().split(".")
        if parts[0] != "helpers":
            continue
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            file = _file_of(name)
            if file is not None and file not in files:
                files.add(file)
                package = name if file.name == "__init__.py" else name.rpartition(".")[0]
                waiting += _named(file.read_text(encoding="utf-8"), package)
    return files
