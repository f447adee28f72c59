//! The simulation alone.
mod simulation;
