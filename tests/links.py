"""Every address outside the book, with where it stands: is it well-formed and, where there is a network, is it alive?

    python tests/links.py           list them; say which are malformed
    python tests/links.py --ask     ask each of them, too; say which are dead

A DOI is asked of doi.org alone, which knows whether it exists: many publishers let no program in. For the same reason an address
whose host answers "forbidden", "too many" or "not now" is named, but is not called dead. Exit codes: 1 if an address is malformed or
dead, 2 if they could not be asked.
"""
import argparse
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pybtex.database import parse_string

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
LINK = re.compile(r"""<\w+\b[^>]*?\shref=["']((?:\w+:)?//[^"']*)["']""")
DOI = re.compile(r"10\.\d{4,9}/\S+")
RESOLVER = "https://doi.org/"
HOST = re.compile(r"(?:[\w-]+\.)+[a-z][a-z-]*[a-z]", re.IGNORECASE)
AT_ONCE, PATIENCE = 8, 20  # seconds
GONE = (404, 410)


class Answer(NamedTuple):
    """`alive`: True, False, or None where the host would not say; `reached`: did anybody answer?"""

    alive: bool | None
    reached: bool
    why: str


def of_pages(site: Path) -> dict[str, list[str]]:
    """{address: pages} of what the pages of a built site link to. JupyterLab's own pages are left out."""
    found = {}
    for page in sorted(site.rglob("*.html")):
        name = page.relative_to(site)
        if not {"lite", "_static"} & set(name.parts):
            for address in LINK.findall(page.read_text(encoding="utf-8")):
                found.setdefault(unescape(address), []).append(name.as_posix())
    return {address: list(dict.fromkeys(pages)) for address, pages in found.items()}


def of_bibliography(text: str) -> dict[str, list[str]]:
    """{address: keys} of the DOIs and the addresses of a bibliography."""
    found = {}
    for key, entry in parse_string(text, "bibtex").entries.items():
        for field, before in (("doi", RESOLVER), ("url", "")):
            if field in entry.fields:
                found.setdefault(before + entry.fields[field], []).append(key)
    return found


def fault(address: str) -> str:
    """What is wrong with the form of an address; '' if nothing is."""
    if re.search(r"\s", address):
        return "has a space"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        return str(error)
    if parts.scheme != "https":
        return "is not https"
    if not HOST.fullmatch(host):
        return f"has no host that others could reach: {host!r}"
    if address[-1] in ".,;:!'\"" or address.endswith(")") and address.count("(") < address.count(")"):
        return f"ends with {address[-1]!r}"
    if host.removeprefix("www.").removeprefix("dx.") == "doi.org":
        if not address.startswith(RESOLVER):
            return f"is not asked of {RESOLVER}"
        if not DOI.fullmatch(unquote(parts.path[1:])):
            return f"is no DOI: {parts.path[1:]!r}"
    return ""


class Stay(HTTPRedirectHandler):
    """Follows doi.org nowhere."""

    def redirect_request(self, request, *rest):
        return None if request.full_url.startswith(RESOLVER) else super().redirect_request(request, *rest)


OPENER = build_opener(Stay)


def ask(address: str, patience: float = PATIENCE) -> Answer:
    """Whether an address is alive: by HEAD, and where that is not answered as it should be, by GET."""
    address = quote(address.partition("#")[0], safe="/:?=&%+,;@!$'()*~[]")
    for method in ("HEAD", "GET"):
        request = Request(address, method=method, headers={"User-Agent": "Mozilla/5.0 (does this link live?)", "Accept": "*/*"})
        try:
            with OPENER.open(request, timeout=patience) as answer:
                return Answer(True, True, str(answer.status))
        except HTTPError as error:
            error.close()
            alive = True if error.code < 400 else False if error.code in GONE else None
            last = Answer(alive, True, str(error.code))
            if alive:
                break
        except (OSError, HTTPException, ValueError) as error:
            last = Answer(False, False, str(getattr(error, "reason", error)))
    return last


def told(answers: dict[str, Answer], where: dict[str, list[str]]) -> tuple[list[str], int]:
    """(lines, exit code): what the hosts said."""
    if answers and not any(answer.reached for answer in answers.values()):
        return [f"No network: none of the {len(answers)} addresses could be asked."], 2
    lines = [f"{'dead' if answer.alive is False else 'unsure'}: {address} ({answer.why}), in {', '.join(where[address])}"
             for address, answer in answers.items() if not answer.alive]
    dead, unsure = (sum(answer.alive is kind for answer in answers.values()) for kind in (False, None))
    return [*lines, f"{len(answers)} asked: {dead} dead, {unsure} would not say."], int(dead > 0)


def everywhere() -> dict[str, list[str]]:
    """{address: pages, and keys of references.bib} of the whole book."""
    found = of_pages(SITE)
    for address, keys in of_bibliography((ROOT / "book" / "references.bib").read_text(encoding="utf-8")).items():
        found.setdefault(address, []).extend(f"references.bib: {key}" for key in keys)
    return dict(sorted(found.items()))


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ask", action="store_true", help="ask each over the network")
    asking = parser.parse_args(arguments).ask
    where = everywhere()
    faults = {address: fault(address) for address in where if fault(address)}
    for address, places in where.items():
        print(address, *places, sep="\n    ")
    for address, wrong in faults.items():
        print(f"malformed: {address} {wrong}, in {', '.join(where[address])}")
    print(f"{len(where)} addresses, {sum(address.startswith(RESOLVER) for address in where)} of them DOIs; {len(faults)} malformed.")
    code = 0
    if asking:
        sound = [address for address in where if address not in faults]
        with ThreadPoolExecutor(AT_ONCE) as asked:
            lines, code = told(dict(zip(sound, asked.map(ask, sound), strict=True)), where)
        print(*lines, sep="\n")
    return 1 if faults else code


if __name__ == "__main__":
    sys.exit(main())
