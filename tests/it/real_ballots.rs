//! Real ballots: every candidate of every Pabulib election, recounted through the whole way.
//!
//! In: `A1_pabulib` (approval and choose-1 files). Out: our votes, by every kernel, equal the
//! published ones; where a ballot repeats a candidate, they differ by exactly those repeats. Never:
//! a file passed over without being counted and named.

use shomar_engine::{Definition, Evidence, Index, Kernel, Snapshot, tally};
use shomar_format::{Election, SealedBatch};
use shomar_loader::{Reject, SealJob, SealSink, seal_text};
use shomar_store::SegmentWriter;

use crate::kit::{data, fixture, note};
use crate::pabulib::{PabulibElection, for_each_election};

/// Writes segments; real ballots leave nothing to reject.
struct Sink(SegmentWriter);

impl SealSink for Sink {
    fn batch(
        &mut self,
        batch: &SealedBatch,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.append(batch.bytes())?)
    }

    fn reject(&mut self, reject: &Reject) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Err(format!("a real ballot was rejected: {reject:?}").into())
    }
}

#[derive(Default)]
struct Sum {
    files: u64,
    ballots: u64,
    candidates: u64,
    repeats: u64,
    files_with_repeats: u64,
}

/// Converts, seals, tallies and compares one election.
fn recount(election: &PabulibElection, sum: &mut Sum) {
    let name = &election.name;
    let work = tempfile::tempdir().unwrap();
    let folder = election.write_folder(work.path()).unwrap();
    let (definition, _) = Election::read(&folder).unwrap_or_else(|error| panic!("{name}: {error}"));
    let digest = definition.definition_digest();
    let out = work.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let job = SealJob {
        election: &definition,
        definition: &digest,
        keys: None,
        chains: &Default::default(),
        is_recount: false,
        temporary: work.path(),
        sort_on_disk: false,
    };
    let mut sink = Sink(SegmentWriter::new(&out, digest));
    let report = seal_text(&work.path().join("ballots.csv"), &job, &mut sink)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    sink.0.finish().unwrap();
    let opened = Definition::open(&folder).unwrap();
    let counting = opened.counting();
    let evidence = Evidence::open(&shomar_store::list_segments(&out).unwrap()).unwrap();
    let index = Index::build(&evidence, &counting);
    let readings = opened.readings();
    assert_eq!(report.ballots, election.published_ballots, "{name}: ballots sealed");
    let expected: Vec<u64> = election
        .published_votes
        .iter()
        .zip(&election.repeats)
        .map(|(votes, r)| votes - r)
        .collect();
    for &kernel in Kernel::available() {
        let tallied = tally(&evidence, &index, &counting, &readings, kernel).unwrap();
        let snapshot = Snapshot::merge(tallied, &counting, &opened.head, &readings);
        let totals = snapshot.district(&counting, 0);
        let taken = totals.ballots.taken;
        assert_eq!(taken, election.published_ballots, "{name}: ballots counted");
        let votes: Vec<u64> = totals.candidates().map(|candidate| candidate.votes).collect();
        assert_eq!(votes, expected, "{name}: votes of every candidate, {}", kernel.name());
    }
    let repeats: u64 = election.repeats.iter().sum();
    sum.files += 1;
    sum.ballots += election.published_ballots;
    sum.candidates += expected.len() as u64;
    sum.repeats += repeats;
    sum.files_with_repeats += u64::from(repeats > 0);
}

#[test]
fn every_published_vote_of_every_real_election_is_counted_again() {
    let test = "every_published_vote_of_every_real_election_is_counted_again";
    let Some(folder) = data("A1_pabulib", test) else {
        return;
    };
    let mut sum = Sum::default();
    for_each_election(&folder.join("pabulib_shared.tar.xz"), |name, text| {
        let election =
            PabulibElection::parse(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        if election.is_block_vote() {
            recount(&election, &mut sum);
        }
    })
    .unwrap();
    assert!(sum.files >= 688 && sum.ballots >= 2_657_059, "{} files", sum.files);
    note(&format!(
        "real data: {} Pabulib elections, {} ballots, votes of {} candidates equal the published \
         ones ({} repeated mentions in {} files left out)",
        sum.files, sum.ballots, sum.candidates, sum.repeats, sum.files_with_repeats
    ));
}

#[test]
fn a_small_pabulib_file_of_our_own_goes_the_same_way() {
    let text = std::fs::read_to_string(fixture("pabulib/small.pb")).unwrap();
    let election = PabulibElection::parse("small.pb", &text).unwrap();
    let mut sum = Sum::default();
    recount(&election, &mut sum);
    assert_eq!(sum.files_with_repeats, 1, "the fixture repeats a candidate");
}
