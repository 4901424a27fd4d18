"""Seats by votelib, and what of it cannot be compared.

In: elections. Out: for each method of ours that votelib has, a result in each election, with seats
that it calls tied handed out as a lot may; how many elections were left out, by reason. Never: an
election left out without a reason that has a name, a result of votelib that was corrected.

Tied seats go to the first of the tied, in every other election to the last.
"""

import collections
import decimal
import fractions
import typing

import votelib.component.divisor
import votelib.component.quota
import votelib.evaluate.core
import votelib.evaluate.proportional

import seats_elections

# What votelib raises itself.
OVERAWARD = votelib.evaluate.core.VotingSystemError


class LeftOut(Exception):
    """An election that is not compared; the text is the reason."""


# Conventions: the methods do not say it, and the packages and Shomar say different things.
WITHOUT_VOTES = (
    "a party without a vote gets a seat or has part in a tie"
    " (Shomar: a share of nothing is nothing)"
)
FEWER_SEATS_THAN_PARTIES = (
    "fewer seats than parties where the first seat is free (Shomar: to those with most votes;"
    " the packages: undefined)"
)
# Limits of votelib.
OVERAWARDED = "votelib raises VotingSystemError: more whole quotas than seats"
UNDERAWARDED = "votelib gives fewer seats than there are: one remainder seat for each party at most"
OVERSHOT = (
    "a party has more whole quotas than there are seats: votelib takes all its seats away and"
    " shares out as many anew without it"
)


class Method(typing.NamedTuple):
    """A rule of ours and a package's way to it."""

    rule: str
    options: list
    package: str
    name: str
    # Seats of an election: a dictionary by party or tie, as votelib gives it.
    compute: typing.Callable


def highest_averages(divisor):
    evaluator = votelib.evaluate.proportional.HighestAverages(divisor)
    return lambda election: evaluator.evaluate(election.votes, election.seats)


def first_seat_free(divisor, weight=lambda votes: votes):
    """Divisors that begin with 0. votelib passes by a party whose divisor is 0, and its manual says
    to give the first seats as earlier ones; with fewer seats than parties that cannot be done."""
    evaluator = votelib.evaluate.proportional.HighestAverages(divisor)

    def compute(election):
        weights = {party: weight(votes) for party, votes in election.votes.items() if votes}
        if election.seats < len(weights):
            raise LeftOut(FEWER_SEATS_THAN_PARTIES)
        first = dict.fromkeys(weights, 1)
        awarded = evaluator.evaluate(weights, election.seats, prev_gains=first)
        return collections.Counter(first) + collections.Counter(awarded)

    return compute


def largest_remainder(quota):
    evaluator = votelib.evaluate.proportional.LargestRemainder(quota)

    def compute(election):
        refuse_overshot(quota, election)
        try:
            return evaluator.evaluate(election.votes, election.seats)
        except OVERAWARD:
            raise LeftOut(OVERAWARDED) from None

    return compute


def taken_back(quota):
    """Only elections with more whole quotas than seats, which `largest_remainder` leaves out."""
    strict = votelib.evaluate.proportional.LargestRemainder(quota)
    evaluator = votelib.evaluate.proportional.LargestRemainder(quota, on_overaward="subtract")

    def compute(election):
        refuse_overshot(quota, election)
        try:
            strict.evaluate(election.votes, election.seats)
        except OVERAWARD:
            return evaluator.evaluate(election.votes, election.seats)
        return None

    return compute


def refuse_overshot(quota, election):
    each = votelib.component.quota.get(quota)(sum(election.votes.values()), election.seats)
    most = fractions.Fraction(max(election.votes.values()), each)
    if most >= election.seats + 1:
        raise LeftOut(OVERSHOT)


def plurality(election):
    # No more seats than persons: beyond that there is nothing to decide.
    seats = plurality_seats(election)
    return collections.Counter(votelib.evaluate.core.Plurality().evaluate(election.votes, seats))


def plurality_seats(election):
    return 1 + election.seats % len(election.votes)


def modified(first):
    sainte_lague = votelib.component.divisor.sainte_lague
    return votelib.component.divisor.modified_first_coef(sainte_lague, decimal.Decimal(first))


ZERO_VOTES_ELECTED = "zero_votes=elected"
PLURALITIES = ("relative-plurality", "block-plurality")
GIVEN = "HighestAverages, divisor given"
VOTELIB = [
    *(
        Method(rule, [], "votelib", f"HighestAverages {divisor}", highest_averages(divisor))
        for rule, divisor in [
            ("dhondt", "d_hondt"),
            ("sainte-lague", "sainte_lague"),
            ("imperiali", "imperiali"),
            ("danish", "danish"),
        ]
    ),
    *(
        Method(
            "modified-sainte-lague",
            [f"first_divisor={first}"],
            "votelib",
            f"HighestAverages sainte_lague, modified_first_coef {first}",
            highest_averages(modified(first)),
        )
        for first in ("1.4", "1.2")
    ),
    # votelib has no Adams, and its own huntington_hill raises (see `notes`). Here its evaluator has
    # divisors from this script: the squares of the roots, and the squares of the votes, so that
    # ties are exact.
    Method("adams", [], "votelib", f"{GIVEN}: n", first_seat_free(lambda held: held)),
    Method(
        "huntington-hill",
        [],
        "votelib",
        f"{GIVEN}: n (n + 1), of squared votes",
        first_seat_free(lambda held: held * (held + 1), lambda votes: votes**2),
    ),
    *(
        Method(rule, [], "votelib", f"LargestRemainder {quota}", largest_remainder(quota))
        for rule, quota in [
            ("hare", "hare"),
            ("droop", "droop"),
            ("hagenbach-bischoff", "hagenbach_bischoff"),
            ("imperiali-quota", "imperiali"),
        ]
    ),
    *(
        Method(rule, [], "votelib", f"LargestRemainder {quota}, subtract", taken_back(quota))
        for rule, quota in [
            ("hagenbach-bischoff", "hagenbach_bischoff"),
            ("imperiali-quota", "imperiali"),
        ]
    ),
    Method("relative-plurality", [], "votelib", "Plurality", plurality),
    # votelib elects persons without a vote; block-plurality is asked to do so, too.
    Method("block-plurality", [ZERO_VOTES_ELECTED], "votelib", "Plurality", plurality),
]


class Seats(typing.NamedTuple):
    """What a package gives in one election."""

    election: seats_elections.Election
    seats: dict
    is_tied: bool


def is_tie(key):
    return isinstance(key, votelib.evaluate.core.Tie)


def settled(method, election, awarded, total, is_last_first):
    """The seats of every party, ties settled."""
    seats = {party: awarded.get(party, 0) for party in election.votes}
    ties = {key: places for key, places in awarded.items() if is_tie(key)}
    claimants = {party for party, count in seats.items() if count}.union(*ties)
    is_refused = ZERO_VOTES_ELECTED not in method.options
    if is_refused and any(election.votes[party] == 0 for party in claimants):
        raise LeftOut(WITHOUT_VOTES)
    for tie, places in ties.items():
        tied = [party for party in election.votes if party in tie]
        for party in (tied[::-1] if is_last_first else tied)[:places]:
            seats[party] += 1
    if sum(seats.values()) < total:
        raise LeftOut(UNDERAWARDED)
    assert sum(seats.values()) == total, (election, awarded)
    return Seats(election, seats, bool(ties))


def computed(method, election):
    """What the package says; whatever it raises is a reason with a name."""
    try:
        return method.compute(election)
    except LeftOut:
        raise
    except Exception as error:
        raise LeftOut(f"{method.package} raises {type(error).__name__}: {error}") from None


def by_votelib(method, elections):
    """Results, and how many were left out for which reason."""
    results, left_out = [], collections.Counter()
    for number, election in enumerate(elections):
        is_plurality = method.rule in PLURALITIES
        total = plurality_seats(election) if is_plurality else election.seats
        try:
            awarded = computed(method, election)
            if awarded is not None:
                results.append(settled(method, election, awarded, total, number % 2 == 1))
        except LeftOut as reason:
            left_out[str(reason)] += 1
    return results, left_out


def notes():
    """What a package cannot do at all."""
    try:
        evaluator = votelib.evaluate.proportional.HighestAverages("huntington_hill")
        evaluator.evaluate({"A": 5, "B": 3}, 4, prev_gains={"A": 1, "B": 1})
    except TypeError as error:
        return [f"votelib's own divisor huntington_hill raises TypeError: {error}"]
    return ["votelib's own divisor huntington_hill works: compare with it"]
