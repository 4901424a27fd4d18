//! Nothing: the tests are in `it/`, the program they run is in `main.rs`.
