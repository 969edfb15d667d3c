//! The Velox core: decoder, journal and kernel. Nothing here reads a clock, a socket or the network.
#![warn(missing_docs)]

pub mod decode;
pub mod engine;
pub mod fixed;
pub mod indicators;
pub mod journal;
pub mod kernel;
pub mod latency;
pub mod mark;
pub mod record;
pub mod replay;

#[cfg(feature = "python")]
mod python;
