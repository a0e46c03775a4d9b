"""Circles and contradictions, against every profile written out, and the literature's numbers."""
import itertools
from collections import Counter

import numpy as np
import pytest

from helpers import social_choice
from helpers.social_choice import ORDERS

IMPARTIAL = social_choice.culture(0)
CONDORCET = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]


def test_condorcets_three_voters_go_in_a_circle():
    beats = social_choice.majorities(CONDORCET)
    assert beats[0, 1] and beats[1, 2] and beats[2, 0]
    assert beats.sum() == 3
    assert social_choice.condorcet_winner(CONDORCET) is None


def test_the_winner_beats_each_other_though_hardly_anybody_ranks_him_first():
    rankings = [[0, 1, 2, 3]] * 2 + [[2, 1, 3, 0]] * 2 + [[1, 3, 2, 0]]
    assert social_choice.condorcet_winner(rankings) == 1
    assert not social_choice.majorities(rankings).diagonal().any()


def test_a_tie_is_no_majority():
    assert not social_choice.majorities([[0, 1], [1, 0]]).any()


@pytest.mark.parametrize("n", [1, 3, 5])
@pytest.mark.parametrize("peaked", [0, 0.3, 1])
def test_chances_of_winning_agree_with_every_profile_written_out(n, peaked):
    culture = social_choice.culture(peaked) * np.linspace(0.5, 1.5, 6)  # so that no two orders are alike
    culture /= culture.sum()
    expected = np.zeros(3)
    for profile in itertools.combinations_with_replacement(range(6), n):
        winner = social_choice.condorcet_winner(ORDERS[list(profile)])
        if winner is not None:
            expected[winner] += permutations(profile) * culture[list(profile)].prod()
    assert social_choice.winner_chances(n, culture) == pytest.approx(expected, abs=1e-12)


def permutations(profile):
    """In how many orders the voters may hold these rankings."""
    total = np.prod(np.arange(1, len(profile) + 1))
    for count in Counter(profile).values():
        total //= np.prod(np.arange(1, count + 1))
    return total


@pytest.mark.parametrize("n, chance", [(3, 1 / 18), (5, 0.0694), (7, 0.0750), (9, 0.0780), (11, 0.0798)])
def test_the_chance_of_a_circle_is_the_literatures(n, chance):
    """Gehrlein & Fishburn 1976, in four digits; 1/18 by hand."""
    assert social_choice.cycle_chance(n, IMPARTIAL) == pytest.approx(chance, abs=5e-5)


def test_the_chance_of_a_circle_comes_to_guilbauds_limit():
    assert social_choice.cycle_limit() == pytest.approx(0.0877, abs=5e-5)
    gaps = [social_choice.cycle_limit() - social_choice.cycle_chance(n, IMPARTIAL) for n in (25, 51, 101)]
    assert gaps[0] / gaps[1] == pytest.approx(51 / 25, rel=0.03)  # falls like 1 / n
    assert gaps[1] / gaps[2] == pytest.approx(101 / 51, rel=0.03)


def test_on_one_line_nobody_ranks_the_middle_last_and_no_majority_goes_in_a_circle():
    culture = social_choice.culture(1)
    assert [tuple(order) for order, chance in zip(ORDERS, culture) if chance == 0] == [(0, 2, 1), (2, 0, 1)]
    assert culture.sum() == pytest.approx(1)
    assert social_choice.cycle_chance(101, culture) == pytest.approx(0, abs=1e-12)
    assert 0 < social_choice.cycle_chance(101, social_choice.culture(0.4)) < social_choice.cycle_chance(101, IMPARTIAL) / 10


def test_three_judges_may_uphold_both_premises_and_deny_what_follows():
    assert social_choice.court(np.array([[True, True], [True, False], [False, True]])) == (True, True, False)
    assert social_choice.court(np.array([[True, True], [True, True], [False, False]])) == (True, True, True)
    assert social_choice.court(np.array([[True, False]] * 2 + [[False, True]])) == (True, False, False)


@pytest.mark.parametrize("n", [1, 3, 5])
@pytest.mark.parametrize("chances", [[0.25] * 4, [0.1, 0.2, 0.3, 0.4], [0, 0.5, 0, 0.5]])
def test_chances_of_courts_agree_with_every_court_written_out(n, chances):
    kinds = np.array([[False, False], [False, True], [True, False], [True, True]])
    expected = np.zeros(3)
    for judges in itertools.product(range(4), repeat=n):
        first, second, conclusion = social_choice.court(kinds[list(judges)])
        chance = np.prod(np.take(chances, judges))
        expected += chance * np.array([first and second, conclusion, (first and second) != conclusion])
    assert social_choice.doctrinal_chances(n, chances) == pytest.approx(expected, abs=1e-12)


def test_six_of_the_64_courts_of_three_contradict_themselves():
    assert social_choice.doctrinal_chances(3, [0.25] * 4)[2] == pytest.approx(6 / 64)


def test_what_a_judge_holds():
    assert social_choice.held(0.7) == pytest.approx([0.09, 0.21, 0.21, 0.49])
    assert social_choice.held(0.7, (True, False)) == pytest.approx([0.21, 0.09, 0.49, 0.21])
    assert social_choice.held(0.7, (False, False))[0] == pytest.approx(0.49)


@pytest.mark.parametrize("call, named", [
    (lambda: social_choice.majorities([[0, 0, 1]]), "rankings"),
    (lambda: social_choice.majorities(np.zeros((0, 3), int)), "rankings"),
    (lambda: social_choice.majorities([0, 1, 2]), "rankings"),
    (lambda: social_choice.culture(1.1), "peaked=1.1"),
    (lambda: social_choice.cycle_chance(4, IMPARTIAL), "n=4"),
    (lambda: social_choice.cycle_chance(203, IMPARTIAL), "n=203"),
    (lambda: social_choice.cycle_chance(3, [0.5, 0.5]), "culture"),
    (lambda: social_choice.cycle_chance(3, [0.5] * 6), "culture"),
    (lambda: social_choice.doctrinal_chances(2, [0.25] * 4), "n=2"),
    (lambda: social_choice.doctrinal_chances(3, [0.25] * 3), "held"),
    (lambda: social_choice.court([[1, 0]]), "verdicts"),
    (lambda: social_choice.court(np.ones((2, 2), bool)), r"len\(verdicts\)=2"),
    (lambda: social_choice.court([1, [2]]), "verdicts"),
    (lambda: social_choice.majorities([1, [2]]), "rankings"),
    (lambda: social_choice.held(0.5, (True,)), "truth"),
    (lambda: social_choice.held(0.5, (2, 0)), "truth"),
    (lambda: social_choice.held(-0.1), "competence=-0.1")])
def test_bad_input_is_named(call, named):
    with pytest.raises(ValueError, match=f"^{named}"):
        call()
