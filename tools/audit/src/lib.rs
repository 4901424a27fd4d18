//! The seat rules of Shomar a second time, written from `docs/rules.md` alone.
//!
//! In: votes of groups and persons, the name of a method and its options as text. Out: seats,
//! persons, alternates and every tie on the way. It is slow, plain and exact on purpose: fractions
//! of unbounded whole numbers, one seat after another, one person after another. It never shares a
//! line with the engine, because a bug must not be able to agree with itself; and it never panics:
//! what it cannot compute it refuses, and says what was found and what was expected.

pub mod seats;
