import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from helpers import territories
from helpers.territories import BUSHES, FULL, HIGH, HOPE, POOR, RICH, RICH_ONES, STEP, WIDE, Band, course, division, same_visitor


def band(seed=0, steps=0, **settings):
    made = Band(np.random.default_rng(seed), **settings)
    for _ in range(steps):
        made.step()
    return made


def arranged(at, places, target=None, *, runs=1, **settings):
    """A band whose first bushes lie at `places`, the others out of the way; agents at `at`, going to `target`."""
    made = band(runs=runs, agents=len(at), **settings)
    made.rate, made.time = np.zeros((runs, BUSHES)), 7
    made.places[:] = (WIDE - 1, HIGH - 1)
    made.places[:, :len(places)] = places
    made.at = np.tile(np.array(at, np.int64), (runs, 1, 1))
    if target is not None:
        made.target[:] = target
        made.idle[:] = False
    return made


def test_bushes_lie_in_zones_of_their_own_and_eight_are_rich(seed):
    made = band(seed, runs=3)
    assert made.places.shape == (3, BUSHES, 2) and made.places.min() >= 1
    assert np.all(made.places.max(axis=(0, 1)) <= (WIDE - 2, HIGH - 2))
    zones = made.places // territories.ZONE
    for run in range(3):
        assert len({tuple(zone) for zone in zones[run].tolist()}) == BUSHES
        apart = np.abs(made.places[run][:, None] - made.places[run]).max(axis=-1) + 9 * np.eye(BUSHES)
        assert apart.min() >= 3  # so that the berries drawn around two bushes do not meet
    assert np.all((made.rate == RICH).sum(axis=1) == RICH_ONES) and np.all((made.rate == POOR) | (made.rate == RICH))


def test_berries_ripen_at_their_rates_up_to_what_a_bush_holds(seed):
    made = band(seed, runs=50, agents=1)
    made.remove(0)  # nobody picks
    ripened = np.zeros(50)
    for _ in range(100):
        made.step()
        ripened += made.ripened
        assert made.berries.max() <= FULL and made.picked.sum() == 0
    rates = made.rate[0]
    error = np.sqrt(100 * (rates * (1 - rates)).sum() / 50)
    assert abs(ripened.mean() - 100 * rates.sum()) < 5 * error
    assert (made.berries[made.rate == RICH] == FULL).all()


@pytest.mark.parametrize("rule", territories.RULES)
def test_agents_walk_a_cell_a_step_and_no_berry_is_lost_or_made(rule):
    made = band(3, runs=4, rule=rule)
    picked = np.zeros(4)
    for _ in range(300):
        before, hung = made.at.copy(), made.berries.sum(axis=1)
        made.step()
        assert np.abs(made.at - before).max() == 1 and made.at.min() >= 0 and np.all(made.at.max(axis=(0, 1)) < (WIDE, HIGH))
        gained = made.berries.sum(axis=1) - hung
        assert np.all(gained <= made.ripened - made.picked) and np.all(made.found[~made.arrived] == 0)
        assert np.array_equal(made.found.sum(axis=1), made.picked)
        assert np.all(made.berries[made.each, made.target][made.arrived] == 0)
        picked += made.picked
    assert picked.min() > 0


def test_a_trip_is_learnt_by_what_it_earned_a_step():
    made = arranged([(2, 5)], [(6, 3)], [0])
    made.berries[0, 0], made.since[:] = 3, 7
    for step in range(4):
        assert not made.idle.any() and made.at[0, 0, 0] == 2 + step
        made.step()
    assert made.at[0, 0].tolist() == [6, 3] and made.picked[0] == 3 and made.idle.all() and made.berries[0, 0] == 0
    assert made.worth[0, 0, 0] == pytest.approx(HOPE + STEP * (3 / 4 - HOPE))
    assert np.all(made.worth[0, 0, 1:] == HOPE) and made.since[0, 0] == 11


def test_of_two_who_come_at_once_one_has_all_by_lot(seed):
    made = arranged([(4, 5), (6, 5)], [(5, 5)], [0, 0], runs=400)
    made.berries[:, 0], made.since[:] = 4, 7
    made.step()
    assert np.all(np.sort(made.found, axis=1) == (0, 4)) and made.arrived.all() and np.all(made.picked == 4)
    assert abs(np.mean(made.found[:, 0] == 4) - 0.5) < 5 * 0.5 / np.sqrt(400)
    first = made.found[:, 0] == 4
    assert np.allclose(made.worth[first, 1, 0], HOPE * (1 - STEP)) and np.allclose(made.worth[first, 0, 0], HOPE + STEP * (4 - HOPE))


def test_the_next_bush_is_drawn_by_its_worth(seed):
    """Chances exp(Q / exploring) over their sum, but for the bush where the agent stands."""
    runs = 4000
    made = arranged([(5, 5)], [(5, 5), (9, 5), (5, 9), (1, 5)], runs=runs, exploring=0.2)
    made.worth[:] = -9
    made.worth[:, 0, :4] = 5, 0.3, 0.1, 0
    made.step()
    counts = np.bincount(made.target[:, 0], minlength=BUSHES)
    chances = np.exp(np.array([0.3, 0.1, 0]) / 0.2)
    chances /= chances.sum()
    assert counts[0] == 0 and counts[1:4].sum() == runs
    assert np.all(np.abs(counts[1:4] - runs * chances) < 5 * np.sqrt(runs * chances * (1 - chances)))


def test_without_exploring_the_best_is_taken():
    made = arranged([(5, 5)], [(1, 1), (9, 5), (2, 9)], exploring=0)
    made.worth[0, 0, 2] = 1
    made.step()
    assert made.target[0, 0] == 2 and made.at[0, 0].tolist() == [4, 6]


@pytest.mark.parametrize("reach, gives_up", [(3, False), (4, True)])
def test_who_hears_of_a_nearer_one_gives_up_and_has_earned_nothing(reach, gives_up):
    made = arranged([(9, 5), (13, 5)], [(5, 5), (20, 5)], [0, 0], rule="neighbours", reach=reach, exploring=0)
    made.worth[0, 1, 1] = 0.9
    made.step()
    assert made.target[0].tolist() == [0, 1 if gives_up else 0]
    assert made.worth[0, 1, 0] == pytest.approx(HOPE * (1 - STEP) if gives_up else HOPE) and made.worth[0, 0, 0] == HOPE
    assert made.since[0].tolist() == [0, 7 if gives_up else 0] and made.at[0].tolist() == [[8, 5], [14, 5] if gives_up else [12, 5]]


def test_of_two_as_near_the_first_goes_on():
    made = arranged([(1, 5), (9, 5)], [(5, 5), (20, 5)], [0, 0], rule="neighbours", reach=9, exploring=0)
    made.worth[0, :, 1] = 0.9
    made.step()
    assert made.target[0].tolist() == [0, 1]


def test_nobody_gives_way_to_who_is_farther_or_goes_elsewhere():
    made = arranged([(9, 5), (13, 5), (6, 5)], [(5, 5), (20, 5)], [0, 0, 1], rule="neighbours", reach=3, exploring=0)
    made.step()
    assert made.target[0].tolist() == [0, 0, 1]


@pytest.mark.parametrize("other, reach, chosen", [(3, 9, 0), (4, 9, 1), (5, 9, 1), (5, 5, 1), (5, 4, 0)])
def test_what_somebody_heard_is_as_near_to_is_not_chosen(other, reach, chosen):
    """The chooser is 3 cells from the bush she likes best, at x = 7; another goes there, from x = `other`."""
    made = arranged([(10, 5), (other, 5)], [(7, 5), (20, 5)], [1, 0], rule="neighbours", reach=reach, exploring=0)
    made.worth[0, 0, :2] = 2, 1
    made.idle[0, 0] = True
    made.step()
    assert made.target[0, 0] == chosen


def test_who_has_given_up_or_must_choose_claims_nothing():
    """The first chooses the bush at x = 7: she hears of it only from one who gives way to a third, out of her hearing."""
    made = arranged([(11, 5), (7, 8), (5, 5)], [(7, 5), (25, 5)], [1, 0, 0], rule="neighbours", reach=4, exploring=0)
    made.worth[0, :, :2] = 2, 1
    made.idle[0, 0] = True
    made.step()
    assert made.target[0].tolist() == [0, 1, 0]
    standing = arranged([(10, 5), (7, 5)], [(7, 5), (25, 5)], [1, 0], rule="neighbours", reach=9, exploring=0)
    standing.worth[0, :, :2] = 2, 1
    standing.idle[0] = True  # the second has just picked there
    standing.step()
    assert standing.target[0].tolist() == [0, 1]


def test_of_bushes_that_are_all_claimed_the_best_is_taken():
    made = band(1, agents=BUSHES, rule="neighbours", reach=99, exploring=0)
    made.target[0], made.at, made.time = np.arange(BUSHES), made.places.copy(), 7
    made.target[0, 1] = 0  # bush 1 is free, and the first agent, who stands at bush 0, must choose
    made.idle[:] = False
    made.idle[0, 0] = True
    made.worth[0, 0, 5] = 3
    made.places[0, 1] = made.places[0, 2]  # and now every other bush has somebody at it, who goes there
    made.target[0, 1] = 1
    made.at[0, 1] = made.places[0, 1]
    made.step()
    assert made.target[0, 0] == 5


def test_who_is_gone_neither_walks_nor_picks_nor_is_heard():
    made = arranged([(6, 5), (9, 5)], [(5, 5), (20, 5)], [0, 0], rule="neighbours", reach=9, exploring=0)
    made.berries[0, 0] = 2
    made.worth[0, :, 1] = 0.9
    made.remove(0)
    made.step()
    assert made.target[0, 1] == 0 and made.at[0, 0].tolist() == [6, 5] and not made.arrived.any() and not made.hears().any()
    for _ in range(3):
        made.step()
    assert made.found[0].tolist() == [0, 2] and not made.idle[0, 0]
    made.remove(1)  # at the bush where it has just picked
    made.berries[0, 0] = 2
    made.step()
    assert made.picked[0] == 0 and not made.arrived.any()


def test_who_is_sent_past_a_bush_may_pick_there():
    for berries, goes in ((2, 0), (1, 1)):  # here at two steps' gain, for three berries a step away
        made = arranged([(5, 5)], [(5, 5), (6, 5), (20, 5)], [2], rule="planner")
        made.berries[0, :2] = berries, 3
        made.step()
        assert made.target[0, 0] == goes and made.picked[0] == (2 if goes == 0 else 3)


def test_the_planner_takes_the_best_pair_again_and_again(seed):
    """Against a search through all pairs, and all who walk are sent anew at each step."""
    made = band(seed, steps=20, agents=6, rule="planner")
    made.remove(2)
    there = [0, 1, 3, 4, 5]
    for _ in range(10):
        idle, at = made.idle[0].copy(), made.at[0].copy()
        made.step()
        seen = made.seen[-1][0]
        pairs = {}
        for agent, bush in itertools.product(there, range(BUSHES)):
            far = np.abs(at[agent] - made.places[0, bush]).max()
            pairs[agent, bush] = -1 if far == 0 and idle[agent] else (seen[bush] + 1e-3) / max(far, 0.5)
        sent = {}
        while pairs:
            best = max(pairs, key=lambda pair: (pairs[pair], -pair[0], -pair[1]))
            sent[best[0]] = best[1]
            pairs = {pair: gain for pair, gain in pairs.items() if pair[0] != best[0] and pair[1] != best[1]}
        assert [sent[agent] for agent in there] == made.target[0, there].tolist()


def test_the_planner_s_news_is_as_old_as_its_delay():
    for delay, goes in ((0, 1), (3, 1), (4, 0), (60, 0)):
        made = arranged([(10, 5), (0, 19)], [(5, 5), (15, 5)], [0, 2], rule="planner", delay=delay)
        made.berries[0] = 0
        made.berries[0, 0] = 4
        made.remove(1)
        made.step()
        assert made.target[0, 0] == 0
        made.berries[0, :2] = 0, 4
        for _ in range(3):
            made.at[0, 0] = 10, 5
            made.step()
        made.at[0, 0] = 10, 5
        made.step()  # the fifth: news of 4 steps ago is of the first
        assert made.target[0, 0] == goes, delay


def test_a_bookkeeper_adds_to_old_news_what_must_have_ripened_since():
    for rate, was, goes in ((1.0, 1, 0), (0.1, 1, 1), (0.1, 4, 0)):  # against 2 berries, as near
        made = arranged([(10, 5), (0, 19)], [(5, 5), (15, 5)], [0, 2], rule="bookkeeper", delay=3)
        made.remove(1)
        made.known[0, :2] = rate, 0.0
        for _ in range(4):
            made.at[0, 0] = 10, 5
            made.rate[:] = 0
            made.berries[0, :2] = was, 2
            made.step()
        assert made.target[0, 0] == goes, (rate, was)


def test_a_bookkeeper_remembers_what_was_picked_and_a_planner_does_not():
    for rule, rate, goes in (("planner", 0.5, 0), ("bookkeeper", 0.5, 1), ("bookkeeper", 1.0, 0)):
        made = arranged([(10, 5), (0, 19)], [(5, 5), (15, 5)], [0, 2], rule=rule, delay=20)
        made.remove(1)
        made.rate[:], made.known[0, :2] = 0, (rate, 0.0)
        made.berries[0, :2] = 4, 2
        for _ in range(3):
            made.at[0, 0] = 10, 5
            made.step()
        made.at[0, 0] = 6, 5
        made.step()
        assert made.picked[0] == 4 and made.emptied[0, 0] == made.time
        made.seen[:] = [made.seen[0]] * len(made.seen)  # all news is from before
        for _ in range(3):
            made.at[0, 0] = 10, 5
            made.step()
        assert made.target[0, 0] == goes, (rule, rate)  # three steps later: 1.5 or 3 berries are expected


def test_a_bookkeeper_s_books_are_of_the_beginning(seed):
    made = band(seed, rule="bookkeeper")
    before = made.rate.copy()
    made.shuffle()
    np.testing.assert_array_equal(made.known, before)


def test_books_make_up_for_old_news():
    shares = {rule: course(np.random.default_rng(2), 600, runs=5, rule=rule, delay=15).share[:, 2:].mean() for rule in territories.PLANNERS}
    assert shares["bookkeeper"] > 0.95 > shares["planner"] + 0.1


def test_all_are_sent_to_bushes_of_their_own(seed):
    made = band(seed, agents=BUSHES, rule="planner")
    made.step()
    assert sorted(made.target[0].tolist()) == list(range(BUSHES))


def test_division_against_scikit_learn_and_its_two_ends(seed):
    rng = np.random.default_rng(seed)
    visits = rng.poisson(3, (4, 5, 6))
    for table, found in zip(visits, division(visits), strict=True):
        agents, bushes = (np.repeat(index.ravel(), table.ravel().astype(np.intp)) for index in np.indices(table.shape))
        entropy = stats.entropy(table.sum(axis=1))
        assert found == pytest.approx(mutual_info_score(agents, bushes) / entropy)
    assert division(np.kron(np.eye(3), [[2, 5]])) == pytest.approx(1)  # each has two bushes for itself
    assert division(np.outer([1, 2, 3], [4, 5])) == pytest.approx(0, abs=1e-12)
    assert np.isnan(division(np.zeros((2, 2)))) and np.isnan(division([[1, 2]]))


def test_same_visitor_by_counting_pairs_and_by_lot(seed):
    visits = np.array([[2, 0, 1], [1, 3, 0]])
    pairs = [(a, b) for bush in range(3) for a, b in itertools.combinations(np.repeat([0, 1], visits[:, bush]), 2)]
    assert same_visitor(visits) == pytest.approx(np.mean([a == b for a, b in pairs]))
    lots = np.random.default_rng(seed).multinomial(60, np.full(48, 1 / 48), 2000).reshape(2000, 4, 12)
    found = same_visitor(lots)
    assert abs(found.mean() - 1 / 4) < 5 * found.std() / np.sqrt(2000) + 2e-3
    assert np.isnan(same_visitor(np.eye(2)))


def test_division_by_lot_is_about_what_its_docstring_says(seed):
    n, m, visits = 12, BUSHES, 2000
    lots = np.random.default_rng(seed).multinomial(visits, np.full(n * m, 1 / (n * m)), 200).reshape(200, n, m)
    found = division(lots)
    expected = (n - 1) * (m - 1) / (2 * visits * np.log(n))
    assert abs(found.mean() - expected) < 5 * found.std() / np.sqrt(200) + 0.05 * expected


def test_territories_arise_by_themselves_and_a_planner_picks_more(seed):
    found = {rule: course(np.random.default_rng(seed), 1200, every=200, runs=8, rule=rule, reach=12) for rule in territories.RULES}
    for rule in ("alone", "neighbours"):
        early, late = same_visitor(found[rule].visits[:, 0]).mean(), same_visitor(found[rule].visits[:, -1]).mean()
        assert late > early + 0.1
        assert found[rule].share[:, -1].mean() > found[rule].share[:, 0].mean() + 0.1
    last = {rule: one.share[:, -1].mean() for rule, one in found.items()}
    assert last["alone"] < last["neighbours"] < last["planner"] and last["planner"] > 0.95


def test_old_news_is_worse_for_the_planner():
    shares = [course(np.random.default_rng(2), 400, runs=5, rule="planner", delay=delay).share[:, 1:].mean() for delay in (0, 5, 15, 40)]
    assert shares == sorted(shares, reverse=True) and shares[0] - shares[-1] > 0.3


def test_a_course_counts_what_a_band_does():
    made = band(5, runs=2, agents=6)
    found = course(np.random.default_rng(5), 230, every=100, runs=2, agents=6)
    assert found.share.shape == (2, 2) and found.visits.shape == (2, 2, 6, BUSHES)
    for k in range(2):
        picked, ripened, trips, vain = np.zeros((4, 2))
        for _ in range(100):
            made.step()
            picked, ripened = picked + made.picked, ripened + made.ripened
            trips, vain = trips + made.arrived.sum(axis=1), vain + (made.arrived & (made.found == 0)).sum(axis=1)
        np.testing.assert_allclose(found.share[:, k], picked / ripened)
        np.testing.assert_allclose(found.vain[:, k], vain / trips)
        assert np.array_equal(found.visits[:, k].sum(axis=(1, 2)), trips)


def test_a_course_changes_when_told():
    found = course(np.random.default_rng(1), 200, every=50, runs=50, agents=6, when=100, removed=2)
    assert found.visits[:, :2, :2].sum() > 0 and found.visits[:, 2:, :2].sum() == 0 and found.visits[:, 2:, 2:].sum() > 0
    plain, other = (course(np.random.default_rng(1), 200, every=50, runs=3, when=100, shuffled=shuffled) for shuffled in (False, True))
    assert np.array_equal(plain.share[:, :2], other.share[:, :2]) and not np.array_equal(plain.share[:, 2:], other.share[:, 2:])


def test_shuffling_keeps_the_number_of_rich_bushes():
    made = band(runs=5)
    before = made.rate.copy()
    made.shuffle()
    assert not np.array_equal(before, made.rate) and np.all((made.rate == RICH).sum(axis=1) == RICH_ONES)


@pytest.mark.parametrize("call, message", [
    (lambda: band(rule="shout"), r"rule='shout': must be one of 'alone', 'neighbours', 'planner'"),
    (lambda: course(np.random.default_rng(1), 200, shuffled=np.ones(3)), r"shuffled=array\(.*: must be one of False, True"),
    (lambda: band(reach=-1), r"reach=-1"),
    (lambda: band(reach=0.5), r"reach=0.5: must be whole"),
    (lambda: band(exploring=-0.1), r"exploring=-0.1"),
    (lambda: band(delay=61), r"delay=61: must be at most 60"),
    (lambda: band(delay=-1), r"delay=-1"),
    (lambda: band(agents=25), r"agents=25: must be at most 24"),
    (lambda: band(agents=0), r"agents=0"),
    (lambda: band(runs=0), r"runs=0"),
    (lambda: course(np.random.default_rng(0), 50), r"steps=50: must be at least every=100"),
    (lambda: course(np.random.default_rng(0), 50, every=0), r"every=0"),
    (lambda: course(np.random.default_rng(0), 0), r"steps=0"),
    (lambda: course(np.random.default_rng(0), 100, when=-1), r"when=-1"),
    (lambda: course(np.random.default_rng(0), 100, removed=12), r"removed=12: must be below the number of agents, 12"),
    (lambda: division([1, 2]), r"visits of shape \(2,\)"),
    (lambda: division([[1, 0.5]]), r"visits=.*: must be whole"),
    (lambda: same_visitor([[1, -1]]), r"visits="),
])
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
