//! `plain_read BYTES THREADS REPEAT`: how long this machine takes to read memory and do nothing
//! with it, which is the floor under every count.
//!
//! In: a size, threads, repeats. Out: one line of JSON on stdout, the best and the median time in
//! nanoseconds. The buffer is in memory and was read once before; every thread sums up its part as
//! 64-bit words. Never: a file, or the time of starting and ending the process.

use std::hint::black_box;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

const WORD: usize = size_of::<u64>();
/// Sums that do not wait for each other.
const LANES: usize = 32;

fn main() -> ExitCode {
    let arguments: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [bytes, threads, repeat] = arguments.as_slice() else {
        eprintln!("usage: plain_read BYTES THREADS REPEAT");
        return ExitCode::from(2);
    };
    if *bytes < WORD || *threads == 0 || *repeat == 0 {
        eprintln!("plain_read: found {arguments:?}, expected at least {WORD} bytes, 1 and 1");
        return ExitCode::from(2);
    }
    let times = times(bytes / WORD, *threads, *repeat);
    println!(
        "{{\"best_ns\":{},\"median_ns\":{}}}",
        times[0].as_nanos(),
        times[times.len() / 2].as_nanos()
    );
    ExitCode::SUCCESS
}

/// The times of all repeats, shortest first.
fn times(words: usize, threads: usize, repeat: usize) -> Vec<Duration> {
    // Not zeros: the system hands out one and the same page of zeros again and again.
    let buffer: Vec<u64> = (1..).take(words).collect();
    let expected = read(&buffer, threads);
    let mut times: Vec<Duration> = (0..repeat)
        .map(|_| {
            let began = Instant::now();
            let sum = read(black_box(&buffer), threads);
            let time = began.elapsed();
            assert_eq!(sum, expected, "the same words give the same sum");
            time
        })
        .collect();
    times.sort();
    times
}

fn read(words: &[u64], threads: usize) -> u64 {
    let part = words.len().div_ceil(threads);
    thread::scope(|scope| {
        let parts = words.chunks(part).map(|part| scope.spawn(move || sum(part)));
        let readers: Vec<_> = parts.collect();
        readers
            .into_iter()
            .map(|reader| reader.join().expect("adding does not panic"))
            .fold(0, u64::wrapping_add)
    })
}

fn sum(words: &[u64]) -> u64 {
    let mut lanes = [0_u64; LANES];
    let (rounds, rest) = words.as_chunks::<LANES>();
    for round in rounds {
        for (lane, word) in lanes.iter_mut().zip(round) {
            *lane = lane.wrapping_add(*word);
        }
    }
    lanes.iter().chain(rest).fold(0, |sum, word| sum.wrapping_add(*word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_once_with_any_number_of_threads() {
        let words: Vec<u64> = (0..1_000).collect();
        for threads in [1, 2, 3, 7, 1_000] {
            assert_eq!(read(&words, threads), 499_500, "{threads}");
        }
    }
}
