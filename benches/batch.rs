//! One batch: canonicalise, seal, verify, and count by each kernel, by the width of the district.
//!
//! In: batches of 600 ballots, from a village with three candidates to Tehran with 2,700. Out:
//! criterion's times, per ballot. Never: a time of a count that was not compared with the ballots
//! first.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use shomar_engine::Kernel;
use shomar_engine::kernel::Scratch;
use shomar_format::record::{verify_bytes, verify_evidence};
use shomar_format::{
    BatchAddress, CanonicalBatch, Canonicaliser, DistrictShape, Encoding, OptionIndex, SealedBatch,
};

/// Ballots of a batch: those of a nation have about as many.
const BALLOTS: u32 = 600;

/// Districts by width: options, lists, seats.
const WIDTHS: [(u32, u32, u32); 8] = [
    (3, 0, 1),
    (10, 0, 3),
    (40, 0, 7),
    (64, 0, 9),
    (65, 0, 9),
    (300, 0, 11),
    (1_500, 0, 15),
    (2_709, 9, 21),
];

const ADDRESS: BatchAddress = BatchAddress { district: 0, station: 0, device: 0, sequence: 0 };

struct District {
    shape: DistrictShape,
    ballots: Vec<Vec<OptionIndex>>,
    votes: Vec<u32>,
}

/// Ballots of which some names are on many and most on few, as in any election.
fn district((option_count, list_count, seats): (u32, u32, u32)) -> District {
    let shape = DistrictShape { option_count, list_count, seats };
    let mut state = u64::from(option_count);
    let mut below = |bound: u32| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        u32::try_from((state >> 33) % u64::from(bound)).expect("below 32 bits")
    };
    let mut votes = vec![0; option_count as usize];
    let ballots = (0..BALLOTS)
        .map(|number| {
            let mut ballot = Vec::new();
            if list_count > 0 && number % 2 == 0 {
                ballot.push(OptionIndex::try_from(below(list_count)).expect("a list"));
            } else {
                for _ in 0..seats {
                    let bound = 1 + below(option_count - list_count);
                    let name = list_count + below(bound);
                    let name = OptionIndex::try_from(name).expect("an option");
                    if !ballot.contains(&name) {
                        ballot.push(name);
                    }
                }
            }
            ballot.iter().for_each(|&option| votes[usize::from(option)] += 1);
            ballot
        })
        .collect();
    District { shape, ballots, votes }
}

fn canonical(district: &District) -> CanonicalBatch {
    let mut canonicaliser = Canonicaliser::new(district.shape);
    for ballot in &district.ballots {
        canonicaliser.add(ballot, 1);
    }
    canonicaliser.finish().swap_remove(0)
}

fn batch(criterion: &mut Criterion) {
    let districts = WIDTHS.map(district);
    let width = |district: &District| district.shape.option_count;

    let mut group = criterion.benchmark_group("canonicalise");
    group.throughput(Throughput::Elements(u64::from(BALLOTS)));
    for district in &districts {
        assert_eq!(canonical(district).taken(), BALLOTS);
        group.bench_function(BenchmarkId::from_parameter(width(district)), |bencher| {
            bencher.iter(|| canonical(district));
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("seal");
    group.throughput(Throughput::Elements(u64::from(BALLOTS)));
    for district in &districts {
        let batch = canonical(district);
        let seal = || SealedBatch::seal(&[7; 32], ADDRESS, &batch);
        verify_evidence(seal().bytes()).expect("what was sealed is sound");
        group.bench_function(BenchmarkId::from_parameter(width(district)), |b| b.iter(seal));
    }
    group.finish();

    let mut group = criterion.benchmark_group("verify");
    for district in &districts {
        let sealed = SealedBatch::seal(&[7; 32], ADDRESS, &canonical(district));
        let record = sealed.bytes();
        let mut damaged = rkyv::util::AlignedVec::<64>::new();
        damaged.extend_from_slice(record);
        damaged[200] ^= 1;
        assert!(verify_bytes(record).is_ok() && verify_bytes(&damaged).is_err());
        group.throughput(Throughput::Bytes(record.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(width(district)), |bencher| {
            bencher.iter(|| verify_bytes(record).is_ok());
        });
    }
    group.finish();

    for (encoding, name) in [(Encoding::Columnar, "columns"), (Encoding::Sparse, "rows")] {
        let kernels = match encoding {
            Encoding::Columnar => Kernel::available(),
            // Plain code on every machine.
            Encoding::Sparse => &[Kernel::Portable],
        };
        for &kernel in kernels {
            let mut group = criterion.benchmark_group(format!("count_{name}_{}", kernel.name()));
            group.throughput(Throughput::Elements(u64::from(BALLOTS)));
            for district in &districts {
                count(&mut group, kernel, encoding, district);
            }
            group.finish();
        }
    }
}

fn count(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    kernel: Kernel,
    encoding: Encoding,
    district: &District,
) {
    let sealed = SealedBatch::seal_as(encoding, &[7; 32], ADDRESS, &canonical(district));
    let (_, payload) = verify_bytes(sealed.bytes()).expect("what was sealed is sound");
    let mut scratch = Scratch::default();
    let mut counts = vec![0; district.shape.option_count as usize];
    kernel.count_clean(&payload, district.shape, &mut scratch, &mut counts).expect("it is clean");
    assert_eq!(counts, district.votes, "{} options", district.shape.option_count);
    group.bench_function(BenchmarkId::from_parameter(district.shape.option_count), |bencher| {
        bencher.iter(|| {
            counts.fill(0);
            kernel.count_clean(&payload, district.shape, &mut scratch, &mut counts).is_ok()
        });
    });
}

criterion_group!(benches, batch);
criterion_main!(benches);
