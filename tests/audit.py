"""What is known against the packages that the book is made with, and the licences of those and of all that the site ships.

    make audit

Known vulnerabilities come from pip-audit, which asks PyPI; where that does not answer, they are NOT checked, and that is a failure
too. Licences come from what each package says of itself. It ends with 0 only if all was checked and nothing was found.
"""
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from email import message_from_string
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext" / "living_book"))
import pyodide  # noqa: E402

FINE = re.compile(r"(0BSD|Apache|BlueOak|Boost|BSD|BSL-1|CC-BY-[34]|CC0|Creative Commons Attribution 4|EPL-2|HPND|ISC|(GNU )?(LGPL\w*|Lesser)|MIT|"
                  r"Mozilla|(The )?MIT License|MPL|OFL|PSF|Public Domain|Python Software Foundation|Python-2|SIL Open Font|Unlicense|W3C|WTFPL|Zlib)\b",
                  re.IGNORECASE)
# What says more of itself than it is, each looked at.
EXAMINED = {"docutils": "Public Domain",  # its GPL is that of a mode for Emacs, which is not installed
            "python-dateutil": "Apache-2.0 OR BSD-3-Clause"}
# What the site ships beside Python packages: name: (the file that says its licence, what stands there, the licence).
SITE_PACKAGES = Path(metadata.distribution("sphinx").locate_file(""))
THEME = SITE_PACKAGES / "pydata_sphinx_theme/theme/pydata_sphinx_theme/static"
SHIPPED = {
    "Inter and STIX Math": (ROOT / "helpers/web/fonts/LICENSE.md", "SIL Open Font License 1.1", "OFL-1.1"),
    "reveal.js": (SITE_PACKAGES / "sphinx_revealjs/_static/revealjs/LICENSE", "Permission is hereby granted, free of charge", "MIT"),
    "Bootstrap": (THEME / "scripts/bootstrap.js.LICENSE.txt", "Licensed under MIT", "MIT"),
    "Font Awesome Free": (THEME / "scripts/fontawesome.js.LICENSE.txt", "(Icons: CC BY 4.0, Fonts: SIL OFL 1.1, Code: MIT License)",
                          "CC-BY-4.0 AND OFL-1.1 AND MIT"),
    "clipboard.js": (SITE_PACKAGES / "sphinx_copybutton/_static/clipboard.min.js", "Licensed MIT", "MIT"),
}
UNSAID = {"Pyodide": (pyodide.VERSION, "MPL-2.0"), "Python's standard library, in Pyodide": ("", "PSF-2.0")}  # as their sources say
LITE = ROOT / "_build" / "html" / "lite"


def licence(said, text: str = "") -> str:
    """The licence in a package's metadata, `said`: its expression, else its classifiers, else the first line of its licence,
    else that of the file `text`; empty if there is none."""
    classifiers = [line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or () if line.startswith("License :: ")]
    if said["License-Expression"]:
        return said["License-Expression"]
    if classifiers:
        return " AND ".join(classifiers)
    lines = (said["License"] or "").strip().splitlines() or text.strip().splitlines() or [""]
    return lines[0].strip()


def fine(licence: str) -> bool:
    """Whether a book that is given away may have what is under this licence: of several that go together each must be fine, of
    those that one may choose from one."""
    parts = re.sub(r"[()]", "", licence).split(" AND ")
    return all(any(FINE.match(choice.strip()) for choice in part.split(" OR ")) for part in parts)


def installed(lock: str):
    """(name, version, licence) of each package in a lock that this system needs, and of torch; without a licence for one that is
    not installed in that version."""
    for line in [*re.findall(r"^[\w.-]+==[^\\\n]+", lock, re.MULTILINE), "torch"]:
        wanted = Requirement(line.strip())
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        try:
            found = metadata.distribution(wanted.name)
        except metadata.PackageNotFoundError:
            yield wanted.name, "not installed", ""
            continue
        text = next((file.read_text() for file in found.files or () if re.match("LICEN[CS]E", file.name)), "")
        right = wanted.specifier.contains(found.version)
        yield wanted.name, found.version, licence(found.metadata, text) if right else ""


def in_browser(folder: Path):
    """(name, version, licence) of each package that Pyodide has in `folder`."""
    for wheel in sorted(folder.glob("*.whl")):
        with zipfile.ZipFile(wheel) as file:
            inside = {name.partition("/")[2]: name for name in file.namelist() if ".dist-info/" in name}
            said = message_from_string(file.read(inside["METADATA"]).decode())
            text = next((file.read(path).decode() for name, path in inside.items() if re.match("(licenses/)?LICEN[CS]E", name)), "")
        yield said["Name"], said["Version"], licence(said, text)


def of_npm(lock: dict):
    """(name, version, licence) of each package in npm's lock."""
    for path, facts in lock["packages"].items():
        if path:
            yield path.rpartition("node_modules/")[2], facts["version"], facts.get("license", "")


def of_jupyterlab(files):
    """(name, version, licence) of all that JupyterLab's own lists of licences name."""
    found = {(each["name"], each["versionInfo"]): each["licenseId"] for file in files for each in json.loads(file.read_text(encoding="utf-8"))["packages"]}
    return [(*key, said) for key, said in sorted(found.items())]


def shipped():
    """(name, version, licence) of what else the site ships; without a licence where its file no longer says it."""
    for name, (file, words, said) in SHIPPED.items():
        yield name, "", said if file.is_file() and words in file.read_text(encoding="utf-8") else ""
    for name, (version, said) in UNSAID.items():
        yield name, version, said


def licences(title: str, rows) -> list[str]:
    """Print the packages with their licences; returns what is wrong with them, a line each."""
    rows = [(name, version, EXAMINED.get(canonicalize_name(name), said)) for name, version, said in rows]
    print(f"\n{title}: {len(rows)}")
    for name, version, said in rows:
        print(f"  {name:<40} {version:<18} {said or '?'}")
    if not rows:
        return [f"{title}: NOT checked: nothing is there; run `make html` first"]
    return [f"{title}: {name} {version}: {said or 'the licence is not known'}: look at it, then allow it in tests/audit.py or do without it"
            for name, version, said in rows if not fine(said)]


def known(requirements: Path, *options) -> tuple[list[str], list[str], str]:
    """What pip-audit knows against the `requirements`: (a line for each vulnerability, the packages that it could not check, why)."""
    done = subprocess.run([sys.executable, "-m", "pip_audit", "--requirement", str(requirements), *options, "--disable-pip",
                           "--progress-spinner", "off", "--format", "json"], capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except ValueError:  # it gave up
        names = re.findall(r"^([\w.-]+)==", requirements.read_text(encoding="utf-8"), re.MULTILINE)
        return [], names, f"pip-audit gave up: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1][:200]}"
    lines = [f"{package['name']} {package['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'no version yet'}"
             for package in found for each in package.get("vulns", ())]
    return lines, [package["name"] for package in found if "skip_reason" in package], "PyPI does not answer what is known against them"


def vulnerabilities(lock: Path, others) -> list[str]:
    """What is known against the packages of the lock and the `others`, (name, version); a line each, and one for those not checked."""
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder) / "others.txt"
        rest.write_text("".join(f"{name}=={version}\n" for name, version in others), encoding="utf-8")
        asked = [known(lock, "--require-hashes"), known(rest, "--no-deps")]
    wrong = [f"vulnerabilities: {line}" for lines, _, _ in asked for line in lines]
    unknown = sorted({name for _, names, _ in asked for name in names})
    if unknown:
        why = next(why for _, names, why in asked if names)
        named = ", ".join(unknown[:5]) + (f" and {len(unknown) - 5} more" if len(unknown) > 5 else "")
        wrong.append(f"vulnerabilities: NOT checked: {named}: {why}")
    elif not wrong:
        print("\nvulnerabilities: none is known")
    return wrong


def main() -> int:
    lock = ROOT / "requirements.lock"
    python = list(in_browser(pyodide.cache()))
    wrong = licences("Python packages", installed(lock.read_text(encoding="utf-8")))
    wrong += licences("In the reader's browser", python)
    wrong += licences("JupyterLab in the site", of_jupyterlab(LITE.rglob("third-party-licenses.json")))
    wrong += licences("The site's other parts", shipped())
    wrong += licences("npm's packages, which measure the site and are no part of it",
                      of_npm(json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))))
    torch = ("torch", metadata.version("torch").partition("+")[0])
    wrong += vulnerabilities(lock, [torch, *((name, version) for name, version, _ in python)])
    print("\n" + "\n".join(wrong or ["Nothing is known against any package, and every licence is fine."]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
