//! The Velox core: decoder, journal and kernel. Nothing here reads a clock, a socket or the network.
#![warn(missing_docs)]

pub mod bench;
pub mod decode;
pub mod engine;
pub mod fixed;
pub mod indicators;
pub mod journal;
pub mod kernel;
pub mod record;
pub mod replay;

pub use engine::{latency, mark};

#[cfg(feature = "python")]
mod python;
#[cfg(test)]
mod tests;
