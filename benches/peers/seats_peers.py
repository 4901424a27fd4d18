"""Seats by votelib and apportionpy: `seats_peers.py ELECTIONS SEED PLACE`.

In: a number of elections, a seed. Out: for each method of each package votes.csv and official.csv
in PLACE/PACKAGE/METHOD, a district for each election; one JSON object on stdout that says what is
where, what was left out and why, and where the two packages disagree. Never: an election left out
without a reason that has a name, a result of a package that was corrected.

votelib computes with fractions and says where there is a tie: the district's name then begins with
`tie-`. apportionpy computes with floats, knows no tie and looks for a divisor by trial; its results
are kept where there is no tie and both packages agree.
"""

import collections
import importlib.metadata
import json
import pathlib
import sys

import apportionpy.apportionment

import seats_elections
from seats_votelib import PLURALITIES, VOTELIB, Method, Seats, by_votelib, notes

VERSIONS = {name: importlib.metadata.version(name) for name in ("votelib", "apportionpy")}

# Rule of ours, name of the method in apportionpy.
APPORTIONPY = [
    ("dhondt", "jefferson"),
    ("adams", "adam"),
    ("sainte-lague", "webster"),
    ("huntington-hill", "huntington hill"),
    ("huntington-hill", "equal proportions"),
    ("hare", "hamilton"),
]


def by_apportionpy(rule, name, exact):
    """Results where votelib says the same; what was left out; where the two disagree."""
    results, left_out, disagreements = [], collections.Counter(), []
    for election, seats, is_tied in exact:
        if is_tied:
            left_out["a tie, which apportionpy does not know"] += 1
            continue
        # It would give a seat to a party without a vote, or divide by its share.
        votes = {party: count for party, count in election.votes.items() if count}
        try:
            run = apportionpy.apportionment.Apportion(election.seats, list(votes.values()), name)
        except Exception as error:
            left_out[f"apportionpy raises {type(error).__name__}: {error}"] += 1
            continue
        found = dict.fromkeys(election.votes, 0) | dict(zip(votes, run.fair_shares))
        if found == seats:
            results.append(Seats(election, found, False))
            continue
        left_out["apportionpy and votelib disagree"] += 1
        disagreements.append(
            {
                "rule": rule,
                "apportionpy": name,
                "election": election.name,
                "seats": election.seats,
                "votes": list(election.votes.values()),
                "by_votelib": list(seats.values()),
                "by_apportionpy": list(found.values()),
                "cause": cause(election),
            }
        )
    return results, left_out, disagreements


def cause(election):
    """Shares differ by 1 / votes at least, and a float of a share is good to seats / 2^53."""
    if sum(election.votes.values()) * election.seats >= 2**53:
        return "floats of apportionpy: votes x seats exceed 2^53"
    return "not known"


def written(place, method, results, left_out):
    """Writes the two files, and says what they are."""
    folder = f"{method.package}/{method.rule} {method.name}".translate(str.maketrans(" ,:", "---"))
    (place / folder).mkdir(parents=True)
    votes_rows, official_rows = ["district,list,candidate,votes"], ["district,list,candidate,seats"]
    for election, seats, is_tied in results:
        district = f"tie-{election.name}" if is_tied else election.name
        for party, votes in election.votes.items():
            # Under plurality a party is a person without a list.
            name = f",{party}" if method.rule in PLURALITIES else f"{party},"
            votes_rows.append(f"{district},{name},{votes}")
            official_rows.append(f"{district},{name},{seats[party]}")
    for name, rows in (("votes", votes_rows), ("official", official_rows)):
        (place / folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return {
        "folder": folder,
        "rule": method.rule,
        "options": method.options,
        "package": f"{method.package} {VERSIONS[method.package]}",
        "name": method.name,
        "elections": len(results),
        "ties": sum(result.is_tied for result in results),
        "left_out": dict(left_out),
    }


def main():
    number, seed, place = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    elections = seats_elections.elections(number, seed)
    runs, disagreements, exact = [], [], {}
    for method in VOTELIB:
        results, left_out = by_votelib(method, elections)
        exact.setdefault(method.rule, results)
        runs.append(written(place, method, results, left_out))
    for rule, name in APPORTIONPY:
        results, left_out, found = by_apportionpy(rule, name, exact[rule])
        method = Method(rule, [], "apportionpy", name, None)
        runs.append(written(place, method, results, left_out))
        disagreements += found
    print(json.dumps({"runs": runs, "disagreements": disagreements, "notes": notes()}))


if __name__ == "__main__":
    main()
