//! The simulation alone, as a program that is built for speed: `benches/simulation SECONDS`. The tests have it too.

mod dice;
mod simulation;
