//! The crate as its users see it: exact numbers, the same bytes again, both forms equal.
//!
//! Goal: whoever compares an engine with [`Expected`] can trust it. Method: small nations of every
//! profile; the text is counted once more by a reader that shares nothing with the generator.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use proptest::prelude::*;
use shomar_format::document::{CandidateVotes, TallyDocument};
use shomar_format::record::RecordHeader;
use shomar_format::{CountingDefinition, Election, bytes, limits, record};

use crate::{BALLOTS_MAX, Expected, GenerateError, Nation, PlantedCase, Profile};

/// Every record of a nation, and the totals to expect.
fn seal(nation: &Nation) -> (Vec<Vec<u8>>, Expected) {
    let mut records = Vec::new();
    let mut before = 0;
    let definition = nation.election().definition_digest();
    let expected = nation.seal_all(&definition, |batch, ballots| {
        let taken = RecordHeader::read(batch.bytes()).unwrap().taken();
        assert_eq!(before + u64::from(taken), ballots);
        before = ballots;
        records.push(batch.bytes().to_vec());
        Ok::<_, Infallible>(())
    });
    let Ok(expected) = expected;
    (records, expected)
}

fn text(nation: &Nation) -> (String, Expected) {
    let mut rows = Vec::new();
    let expected = nation.write_text(&mut rows, |_| {}).unwrap();
    (String::from_utf8(rows).unwrap(), expected)
}

/// Counts text by codes alone, with maps: slow, plain, and nothing of the generator in it.
fn recount(election: &Election, rows: &str) -> BTreeMap<(String, u32), u64> {
    let mut votes = BTreeMap::new();
    let mut lines = rows.lines();
    assert_eq!(lines.next(), Some("station,district,choices"));
    let districts: BTreeMap<&str, _> =
        election.districts.iter().map(|district| (district.id.as_str(), district)).collect();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let district = districts[fields[1]];
        let codes = fields[2].split(' ').filter(|code| !code.is_empty());
        let codes: Vec<u32> = codes.map(|code| code.parse().unwrap()).collect();
        let is_list = |code: &u32| district.lists.iter().any(|list| list.code == *code);
        let mut read = Vec::new();
        if let Some(list) = codes.iter().find(|code| is_list(code)) {
            read.push(*list);
        } else {
            for code in codes {
                let known = district.candidates.iter().any(|c| c.code == code);
                if known && !read.contains(&code) {
                    read.push(code);
                }
            }
            read.truncate(district.seats as usize);
        }
        for code in read {
            *votes.entry((district.id.clone(), code)).or_default() += 1;
        }
    }
    votes
}

fn votes_of(document: &TallyDocument) -> BTreeMap<(String, u32), u64> {
    let mut votes = BTreeMap::new();
    for district in &document.districts {
        let lists = district.lists.iter().map(|list| (list.code, list.votes));
        let candidates = district.candidates.iter().map(|c| (c.code, c.direct));
        for (code, count) in lists.chain(candidates).filter(|&(_, count)| count > 0) {
            votes.insert((district.district.clone(), code), count);
        }
    }
    votes
}

#[test]
fn every_number_of_ballots_is_met_exactly_and_both_forms_agree() {
    for profile in Profile::ALL.map(|(_, profile)| profile) {
        for ballots in [1, 7, 750, 10_000, 123_457] {
            let nation = Nation::plan(profile, ballots, 3).unwrap();
            let (records, sealed) = seal(&nation);
            let (rows, written) = text(&nation);
            assert_eq!(sealed, written, "{profile} {ballots}");
            assert_eq!(sealed.ballots().taken, ballots);
            assert_eq!(rows.lines().count() as u64, ballots + 1);
            assert_eq!(records.len() as u64, nation.batches());
            let document = sealed.document();
            if ballots <= 10_000 {
                assert_eq!(recount(nation.election(), &rows), votes_of(&document));
            }
            for district in &document.districts {
                for &CandidateVotes { list, via_list, .. } in &district.candidates {
                    let votes = district.lists.iter().find(|l| Some(l.code) == list);
                    assert_eq!(via_list, votes.map_or(0, |list| list.votes));
                }
            }
        }
    }
}

/// Sums of a column of little-endian u32.
fn sums_of(column: &[u8]) -> BTreeMap<u32, u64> {
    let mut sums = BTreeMap::new();
    for value in column.chunks_exact(4) {
        *sums.entry(u32::from_le_bytes(value.try_into().unwrap())).or_insert(0) += 1;
    }
    sums
}

#[test]
fn columns_added_up_are_the_same_answer() {
    for profile in Profile::ALL.map(|(_, profile)| profile) {
        let nation = Nation::plan(profile, 123_457, 3).unwrap();
        let (mut choices, mut ballots) = (Vec::new(), Vec::new());
        let written = nation.write_columns(&mut choices, &mut ballots, |_| {}).unwrap();
        assert_eq!(written, seal(&nation).1);
        assert_eq!(ballots.len(), 123_457 * 4);
        let (votes, kinds) = (sums_of(&choices), sums_of(&ballots));
        let at = |sums: &BTreeMap<u32, u64>, key: u32| sums.get(&key).copied().unwrap_or(0);
        let (mut option, mut sum) = (0, 0);
        for (district, index) in written.document().districts.iter().zip(0..) {
            let lists = district.lists.iter().map(|list| list.votes);
            for expected in lists.chain(district.candidates.iter().map(|c| c.direct)) {
                assert_eq!(at(&votes, option), expected, "{} {option}", district.district);
                option += 1;
                sum += expected;
            }
            let counts = district.ballots;
            let found = [0, 1, 2, 3].map(|kind| at(&kinds, index * 4 + kind));
            assert_eq!(found, [counts.valid, counts.void - counts.blank, counts.blank, 0]);
        }
        assert_eq!(choices.len() as u64, sum * 4, "no choice of an option that nobody has");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let make = |seed, threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let nation = Nation::plan(Profile::Nation, 20_000, seed).unwrap();
            let (records, _) = seal(&nation);
            let (rows, _) = text(&nation);
            (bytes::sha256(&records.concat()), bytes::sha256(rows.as_bytes()))
        })
    };
    let first = make(1, 1);
    assert_eq!(first, make(1, 3));
    let second = make(2, 1);
    assert_ne!(first.0, second.0);
    assert_ne!(first.1, second.1);
}

#[test]
fn batches_arrive_in_a_random_order_that_follows_from_the_seed() {
    let addresses = |seed| {
        let nation = Nation::plan(Profile::Nation, 20_000, seed).unwrap();
        let (records, _) = seal(&nation);
        let address = |record: &Vec<u8>| {
            let address = RecordHeader::read(record).unwrap().address();
            (address.station, address.district, address.sequence)
        };
        let planned: Vec<_> =
            nation.pairs.iter().map(|p| (p.station, p.district, u64::from(p.sequence))).collect();
        (records.iter().map(address).collect::<Vec<_>>(), planned)
    };
    let (arrived, planned) = addresses(1);
    let mut sorted = arrived.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, planned, "every pair, once");
    let mut next = BTreeMap::new();
    for &(station, _, sequence) in &arrived {
        let next = next.entry(station).or_insert(0);
        assert_eq!(sequence, *next, "a station's batches keep their order");
        *next += 1;
    }
    assert!(next.values().any(|&batches| batches > 1), "some stations have several batches");
    // In station order every station would come after the one before; at random, every second.
    let later = arrived.windows(2).filter(|pair| pair[0].0 < pair[1].0).count();
    let half = arrived.len() / 2;
    assert!(later.abs_diff(half) < half / 4, "{later} of {} stations ascend", arrived.len());
    // Early arrivals come from everywhere.
    let last = planned.last().unwrap().0;
    let early = arrived[..half].iter().filter(|&&(station, ..)| station < last / 2).count();
    assert!(early.abs_diff(half / 2) < half / 8, "{early} of {half} are of the first stations");
    let (other, other_planned) = addresses(2);
    let pairs = |planned: &[(u32, u32, u64)]| planned.iter().map(|p| p.0).collect::<Vec<_>>();
    assert_eq!(pairs(&planned), pairs(&other_planned), "only the order can differ");
    assert_ne!(pairs(&arrived), pairs(&other));
}

#[test]
fn the_bytes_of_a_seed_are_pinned() {
    // A change here changes every benchmark and every committed expectation: say so in the
    // changelog.
    let nation = Nation::plan(Profile::Nation, 10_000, 1).unwrap();
    let mut rows = Vec::new();
    nation.write_text(&mut rows, |_| {}).unwrap();
    let arrival: Vec<u8> = nation.arrival().iter().flat_map(|place| place.to_le_bytes()).collect();
    let found = (
        bytes::hex(&nation.election().definition_digest()),
        bytes::hex(&bytes::sha256(&rows)),
        bytes::hex(&bytes::sha256(&arrival)),
    );
    let expected = (
        "a039c01d997b6852072af19f4e637556eb93f39b4d0593a64700e39f6c372171".to_owned(),
        "24d75b1f5bac0e44f78bb9d52e6d8372819cad4bc6dc4b84d8bfd349d54bca0b".to_owned(),
        "ceb87a2c728e011a0d39e4cd3a5cc9ce932886383170360dac85b92c3a670d55".to_owned(),
    );
    assert_eq!(found, expected);
}

#[test]
fn the_folder_reads_back_as_the_same_election_and_its_batches_verify() {
    for profile in Profile::ALL.map(|(_, profile)| profile) {
        let nation = Nation::plan(profile, 60_000, 5).unwrap();
        let folder = tempfile::tempdir().unwrap();
        nation.write_election(folder.path()).unwrap();
        let (election, sources) = Election::read(folder.path()).unwrap();
        assert_eq!(election, *nation.election());
        let digest = election.definition_digest();
        assert_eq!(digest, nation.election().definition_digest());
        let compiled = election.compile(&sources);
        let definition = CountingDefinition::open(&compiled).unwrap();
        let mut next = BTreeMap::new();
        let Ok(_) = nation.seal_all(&digest, |batch, _| {
            let verified = record::verify(batch.bytes(), &definition).unwrap();
            record::verify_evidence(batch.bytes()).unwrap();
            let address = verified.header().address();
            let served = definition.serves(address.station, address.district);
            assert_eq!(served, Some(true));
            let sequence = next.entry(address.station).or_insert(0);
            assert_eq!(address.sequence, *sequence, "from 0 in district order");
            *sequence += 1;
            Ok::<_, Infallible>(())
        });
    }
}

#[test]
fn planted_villages_are_as_planted() {
    let nation = Nation::plan(Profile::Nation, 200_000, 1).unwrap();
    let planted = nation.planted();
    let cases: BTreeSet<_> = planted.iter().map(|p| format!("{:?}", p.case)).collect();
    assert_eq!(cases.len(), 4, "{cases:?}");
    let (_, expected) = seal(&nation);
    let document = expected.document();
    for planted in planted {
        let at = |id: &String| *id == planted.district;
        let tally = document.districts.iter().find(|d| at(&d.district)).unwrap();
        let district = nation.election().districts.iter().find(|d| at(&d.id)).unwrap();
        let mut votes: Vec<u64> = tally.candidates.iter().map(|c| c.votes).collect();
        votes.sort_unstable_by(|a, b| b.cmp(a));
        let seats = district.seats as usize;
        match planted.case {
            PlantedCase::Tie => {
                assert_eq!(votes[seats - 1], votes[seats], "the last seat");
                assert!(votes[seats - 2] > votes[seats - 1], "the seats before it are clear");
                assert!(votes.get(seats + 1).is_none_or(|&next| next < votes[seats]));
            }
            PlantedCase::OneBallot => assert_eq!(tally.ballots.taken, 1),
            PlantedCase::NoBallot => assert_eq!(tally.ballots.taken, 0),
            PlantedCase::AllBlank => {
                assert_eq!(tally.ballots.blank, tally.ballots.taken);
                assert!(tally.ballots.taken > 0);
            }
        }
    }
}

#[test]
fn a_nation_looks_like_one() {
    let nation = Nation::plan(Profile::Nation, 400_000, 9).unwrap();
    for district in &nation.election().districts {
        assert!(district.option_count() <= limits::DISTRICT_OPTIONS_MAX);
        assert!(district.candidates.len() > district.seats as usize);
    }
    let (records, expected) = seal(&nation);
    let document = expected.document();
    let tehran = &document.districts[0];
    assert_eq!(tehran.district, "tehran");
    let per_cent = |part: u64, whole: u64| part * 100 / whole;
    let lists: u64 = tehran.lists.iter().map(|list| list.votes).sum();
    assert!((40..=50).contains(&per_cent(lists, tehran.ballots.taken)));
    assert!((18..=27).contains(&per_cent(tehran.ballots.void, tehran.ballots.taken)));
    let all = document.ballots;
    assert!((1..=8).contains(&per_cent(all.void, all.taken)), "{all:?}");
    let entered: u64 =
        records.iter().map(|record| u64::from(RecordHeader::read(record).unwrap().entered())).sum();
    // Void ballots with unknown codes, and those that need a reading rule.
    assert!((2..=7).contains(&per_cent(entered, all.taken)), "{entered}");
    for (station, serves) in serves_by_station(nation.election()) {
        let station = &nation.election().stations[station as usize];
        assert!(station.registered >= station.authenticated);
        assert!(serves.iter().all(|&served| served <= station.authenticated));
    }
}

fn serves_by_station(election: &Election) -> BTreeMap<u32, Vec<Option<u64>>> {
    let mut stations: BTreeMap<u32, Vec<Option<u64>>> = BTreeMap::new();
    for serve in election.serves.iter().flatten() {
        stations.entry(serve.station).or_default().push(serve.authenticated);
    }
    assert_eq!(stations.len(), election.stations.len());
    stations
}

#[test]
fn what_cannot_be_made_is_refused() {
    let plan = |ballots| Nation::plan(Profile::Village, ballots, 1).map(|_| ());
    assert_eq!(plan(0), Err(GenerateError::NoBallots));
    let found = BALLOTS_MAX + 1;
    assert_eq!(plan(found), Err(GenerateError::TooManyBallots { found }));
    let unknown = "town".parse::<Profile>().unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "found the profile 'town', expected nation, province-group, tehran or village"
    );
    for (name, profile) in Profile::ALL {
        assert_eq!(name.parse(), Ok(profile));
        assert_eq!(profile.to_string(), name);
    }
}

#[test]
fn a_sink_that_fails_stops_the_work() {
    let nation = Nation::plan(Profile::Nation, 5_000, 1).unwrap();
    let mut given = 0;
    let result = nation.seal_all(&[0; 32], |_, _| {
        given += 1;
        if given == 3 { Err("full") } else { Ok(()) }
    });
    assert_eq!((result.map(|_| ()), given), (Err("full"), 3));
}

proptest! {
    // A whole plan for every case: a tenth of the usual number.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 10))]

    #[test]
    fn any_seed_and_number_keeps_every_ballot(
        profile in prop::sample::select(Profile::ALL.to_vec()),
        ballots in 1..4_000_u64,
        seed in any::<u64>(),
    ) {
        let nation = Nation::plan(profile.1, ballots, seed).unwrap();
        let (rows, written) = text(&nation);
        prop_assert_eq!(written.ballots().taken, ballots);
        prop_assert_eq!(recount(nation.election(), &rows), votes_of(&written.document()));
        let (_, sealed) = seal(&nation);
        prop_assert_eq!(sealed, written);
    }
}
