"""The claims: none without evidence, and no verdict that the numbers of its own chapter do not bear out."""
import functools
import json
import re
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from living_book import claims, live_notebooks  # noqa: E402

CLAIMS = claims.read_claims(ROOT / "book" / "claims.yml")
LIST = {"A": 3, "B": 11, "C": 8, "D": 9, "E": 10, "F": 8, "G": 14, "H": 15, "I": 6, "J": 4}
# These tell what others found. A claim that rests on them alone has no source of its own.
SECONDARY = {"surowiecki2004wisdom", "page2007difference", "gordon2010ant", "leroi2014lagoon", "dayan2001theoretical",
             "goodfellow2016deep", "hastie2009elements"}

every_claim = pytest.mark.parametrize("claim", CLAIMS, ids=[claim["id"] for claim in CLAIMS])


@functools.cache
def places(chapter):
    """What a claim can point to on a built page: its figures and its headings."""
    page = ROOT / "_build" / "html" / "book" / f"{chapter}.html"
    assert page.is_file(), f"{page} is not there: run `make html` first"
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return {place["id"] for place in soup.select("figure.explore[id], figure.stage[id], section[id]")}


@functools.cache
def numbers(chapter):
    """{name: text} of what the chapter glued when it was last run."""
    kept = ROOT / "_build" / "jupyter_execute" / "book"
    assert (kept / f"{chapter}.glue.json").is_file(), f"{chapter} has not been run: run `make html` first"
    return live_notebooks.built_numbers(kept, chapter)


@functools.cache
def sources():
    text = (ROOT / "book" / "references.bib").read_text(encoding="utf-8")
    return set(re.findall(r"^@\w+\{([^,\s]+),", text, flags=re.MULTILINE))


def cited(claim):
    return {key.strip() for keys in re.findall(r"\{cite\}`([^`]*)`", claim["evidence"]) for key in keys.split(",")}


def glued(claim):
    return re.findall(r"\{glue:text\}`([^`]*)`", claim["evidence"])


def faults(claim, places, numbers, sources):
    """All that is wrong with a claim, in words."""
    found = [f"no figure or heading {name}" for name in claim["experiment"] if name not in places]
    found += [f"no source {key}" for key in sorted(cited(claim) - sources)]
    found += [f"no number {name}" for name in glued(claim) if name not in numbers]
    if not places.intersection(claim["experiment"]) and not cited(claim) & sources:
        found.append("no evidence")
    if glued(claim) and not claim["holds"]:
        found.append("numbers, and nothing that must hold of them")
    for condition in claim["holds"]:
        try:
            if not claims.holds(condition, numbers):
                found.append(f"not so: {condition}")
        except ValueError as error:
            found.append(str(error))
    return found


@every_claim
def test_a_claim_stands(claim):
    chapter = claim["chapter"]
    assert faults(claim, places(chapter) if claim["experiment"] else set(),
                  numbers(chapter) if claim["holds"] or glued(claim) else {}, sources()) == []


def test_the_claims_are_those_of_the_list():
    assert sorted(claim["id"] for claim in CLAIMS) == sorted(
        f"{part}{number}" for part, count in LIST.items() for number in range(1, count + 1))
    assert sum(claim["core"] for claim in CLAIMS) >= 57


def test_most_claims_have_an_experiment_or_a_source_of_their_own():
    bare = [claim["id"] for claim in CLAIMS if not claim["experiment"] and cited(claim) <= SECONDARY]
    assert len(bare) <= 0.2 * len(CLAIMS), bare
    assert SECONDARY <= sources()


@pytest.mark.parametrize(("claim", "condition"), [(claim, condition) for claim in CLAIMS for condition in claim["holds"]],
                         ids=[f"{claim['id']}: {condition}" for claim in CLAIMS for condition in claim["holds"]])
def test_a_changed_number_changes_what_holds(claim, condition):
    name, _, other = condition.split()
    known = numbers(claim["chapter"])
    assert {claims.holds(condition, known | {name: text}) for text in ("-1,000,000", "1,000,000")} == {True, False}
    if other in known:
        assert {claims.holds(condition, known | {other: text}) for text in ("-1,000,000", "1,000,000")} == {True, False}


CLAIM = {"id": "A1", "section": "Opening", "claim": "Many are wise.", "verdict": "qualified",
         "evidence": "In {glue:text}`crowd` of the cases {cite}`galton, hooker`.", "experiment": ["ox", "juries"],
         "holds": ["crowd > 50"], "core": True, "chapter": "01_crowd"}
KNOWN = {"places": {"ox", "juries"}, "numbers": {"crowd": "51%"}, "sources": {"galton", "hooker"}}


def test_a_sound_claim_has_no_fault():
    assert faults(CLAIM, **KNOWN) == []
    assert faults(CLAIM | {"experiment": []}, **KNOWN) == []
    assert faults(CLAIM | {"evidence": "Look.", "holds": []}, **KNOWN) == []


@pytest.mark.parametrize(("claim", "known", "said"), [
    ({"experiment": ["ox", "oxen"]}, {}, ["no figure or heading oxen"]),
    ({}, {"sources": {"galton"}}, ["no source hooker"]),
    ({"evidence": "Believe us.", "experiment": []}, {}, ["no evidence"]),
    ({"evidence": "Believe us.", "experiment": ["oxen"]}, {}, ["no figure or heading oxen", "no evidence"]),
    ({"evidence": "Believe {cite}`us`.", "experiment": []}, {}, ["no source us", "no evidence"]),
    ({"holds": []}, {}, ["numbers, and nothing that must hold of them"]),
    ({}, {"numbers": {"crowd": "49%"}}, ["not so: crowd > 50"]),
    ({}, {"numbers": {"crowd": "none"}}, ["'crowd > 50': there is no number in 'none'"]),
    ({}, {"numbers": {}}, ["no number crowd", "'crowd > 50': no number is glued under crowd"]),
    ({"holds": ["crowd > 50", "crowd < judge"]}, {}, ["'crowd < judge': no number is glued under judge"]),
], ids=str)
def test_a_fault_is_named(claim, known, said):
    assert faults(CLAIM | claim, **(KNOWN | known)) == said


@pytest.mark.parametrize(("text", "value"), [
    ("7", 7), ("-7", -7), ("\u22127.5", -7.5), ("98.1%", 98.1), ("2,956", 2956), ("1,234,567.8 lb", 1234567.8), ("3e-17", 3e-17),
    ("1e\u22126", 1e-6), ("+0.0014 (±0.0010)", 0.0014), ("more than 99.9%", 99.9), ("3 to 46", 3), ("5.6 to 7.2", 5.6),
    ("20 of 20", 20), ("-3, 4", -3), ("1,23", 1), ("1,2345", 1), ("10-15", 10), ("in chapter a1, 5", 5)])
def test_the_value_of_a_text_is_its_first_number(text, value):
    assert claims.value_of(text) == value


@pytest.mark.parametrize("text", ["", "none", "x7", "minus"])
def test_a_text_without_a_number_is_refused(text):
    with pytest.raises(ValueError, match=f"no number in '{text}'"):
        claims.value_of(text)


@pytest.mark.parametrize(("condition", "true"), [
    ("low < high", True), ("high < low", False), ("low < low", False), ("low <= low", True), ("high <= low", False),
    ("high > low", True), ("low > low", False), ("low >= low", True), ("low >= high", False), ("low == low", True),
    ("low == high", False), ("low == 12.5", True), ("low < 12.6", True), ("low < 12.5", False), ("high > 1,199", True),
    ("high == 1200", True), ("off_joint-action == -3", True), ("off_joint-action < \u22122.5", True), ("low > 1e-6", True)])
def test_a_condition_compares(condition, true):
    assert claims.holds(condition, {"low": "12.5%", "high": "1,200", "off_joint-action": "\u22123"}) is true


@pytest.mark.parametrize("condition", ["low", "low <", "low << 3", "low = 3", "low != 3", "3 < low", "low < 3 < high", "low < 3%",
                                       "low <3", " low < 3", "low < none of"])
def test_a_bad_condition_is_refused(condition):
    with pytest.raises(ValueError, match="is no condition: it must be NAME OP NUMBER or NAME OP NAME"):
        claims.holds(condition, {"low": "1", "high": "2", "none": "0"})


@pytest.mark.parametrize(("condition", "numbers", "said"), [
    ("low < high", {"low": "1"}, "'low < high': no number is glued under high"),
    ("low < 1", {"high": "1"}, "'low < 1': no number is glued under low"),
    ("low < high", {"low": "1", "high": "none"}, "'low < high': there is no number in 'none'")])
def test_a_condition_on_what_is_not_there_is_refused(condition, numbers, said):
    with pytest.raises(ValueError, match=said):
        claims.holds(condition, numbers)


@pytest.mark.parametrize(("entry", "said"), [
    ({"experiment": "ox"}, "experiment 'ox'"), ({"experiment": None}, "experiment None"), ({"experiment": ["ox", 3]}, "3"),
    ({"experiment": [" "]}, "experiment"), ({"holds": "crowd > 50"}, "holds 'crowd > 50'"), ({"holds": [50]}, "holds"),
    ({"holds": ["crowd is 50"]}, "'crowd is 50', which is no condition")], ids=str)
def test_a_bad_entry_is_refused_when_claims_are_read(tmp_path, entry, said):
    path = tmp_path / "claims.yml"
    path.write_text(json.dumps([CLAIM]))  # JSON is YAML
    assert claims.read_claims(path) == [CLAIM]
    path.write_text(json.dumps([CLAIM | entry]))
    with pytest.raises(ValueError, match="claims.yml: claim A1 ") as caught:
        claims.read_claims(path)
    assert said in str(caught.value)
