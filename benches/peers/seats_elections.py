"""Elections for the comparison of seat rules: from a seed, and from the literature.

In: a number of elections, a seed. Out: elections, each with a name, votes by party and seats; the
same ones for the same number and seed. Never: an election without a vote, or one that was chosen by
its result.

A shape of votes is drawn for each election, since ties and near ties do not come by themselves:
among votes in millions there would be none.
"""

import random
import typing

PARTIES_MOST = 9
SEATS_MOST = 40
# One election in so many has a party without a vote.
WITHOUT_VOTES_EVERY = 20


class Election(typing.NamedTuple):
    """One district."""

    name: str
    votes: dict
    seats: int


def tiny(chance, parties):
    """Ties in nearly every election."""
    return [chance.randint(0, 6) for _ in range(parties)]


def small(chance, parties):
    return [chance.randint(1, 60) for _ in range(parties)]


def hundreds(chance, parties):
    """Round numbers, as in textbooks."""
    return [100 * chance.randint(1, 30) for _ in range(parties)]


def village(chance, parties):
    return [chance.randint(1, 10_000) for _ in range(parties)]


def nation(chance, parties):
    """Parties of very different sizes."""
    return [chance.randint(1, 10 ** chance.randint(3, 7)) for _ in range(parties)]


def close(chance, parties):
    """All parties within a vote or two of each other."""
    base = chance.randint(10, 10_000_000)
    return [base + chance.randint(-1, 1) for _ in range(parties)]


def multiples(chance, parties):
    """Multiples of one number: equal quotients, equal remainders, whole quotas."""
    unit = chance.randint(1, 99_999)
    return [unit * chance.randint(1, 12) for _ in range(parties)]


def nearly_multiples(chance, parties):
    """A vote more or less than a tie, in numbers so large that a float may not see it."""
    unit = 10 ** chance.randint(6, 15) + chance.randint(0, 99_999)
    return [unit * chance.randint(1, 12) + chance.randint(-1, 1) for _ in range(parties)]


SHAPES = [tiny, small, hundreds, village, nation, close, multiples, nearly_multiples]

# Name, seats, votes.
CLASSICS = [
    # The tables of the Wikipedia articles on the methods.
    ("highest-averages", 8, [100_000, 80_000, 30_000, 20_000]),
    ("sainte-lague", 7, [53_000, 24_000, 23_000]),
    ("largest-remainder", 10, [47_000, 16_000, 15_800, 12_000, 6_100, 3_100]),
    ("droop", 21, [6_000, 4_800, 2_000, 1_200]),
    # A seat more for all, one less for the third: the Alabama paradox.
    ("alabama-10", 10, [6, 6, 2]),
    ("alabama-11", 11, [6, 6, 2]),
    # Balinski and Young, Fair Representation, 1982: five divisor methods, five results.
    ("balinski-young", 36, [27_744, 25_178, 19_951, 14_610, 9_225, 3_292]),
    # The quarrel of 1792: the House of Representatives by Hamilton's bill and by Jefferson's.
    ("house-1790-hamilton", 120, "house"),
    ("house-1790-jefferson", 105, "house"),
    # Equal quotients of roots: 6 / sqrt(8 x 9) = 1 / sqrt(1 x 2).
    ("equal-proportions-tie", 10, [6, 1]),
    # Quotas that are reached to the vote, by more parties than there are seats.
    ("quota-reached-by-all", 1, [50, 50]),
    ("quotas-to-the-vote", 4, [60, 20, 20]),
]
HOUSE_1790 = [
    630_560, 475_327, 432_879, 353_523, 331_589, 278_514, 236_841, 206_236, 179_570, 141_822,
    85_533, 70_835, 68_705, 68_446, 55_540,
]  # fmt: skip


def named(votes):
    return {f"P{number}": count for number, count in enumerate(votes, 1)}


def drawn(chance, number):
    """One election by chance."""
    shape = chance.choice(SHAPES)
    parties = chance.randint(2, PARTIES_MOST)
    votes = shape(chance, parties)
    if chance.randrange(WITHOUT_VOTES_EVERY) == 0:
        votes[chance.randrange(parties)] = 0
    if not any(votes):
        votes[0] = 1
    return Election(f"{number:05}", named(votes), chance.randint(1, SEATS_MOST))


def elections(number, seed):
    """The classics, and so many by chance."""
    chance = random.Random(seed)
    classics = [
        Election(f"classic-{name}", named(HOUSE_1790 if votes == "house" else votes), seats)
        for name, seats, votes in CLASSICS
    ]
    return classics + [drawn(chance, index) for index in range(1, number + 1)]
