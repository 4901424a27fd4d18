//! Tests of settle.
