//! The Velox core: decoder, journal and kernel. Nothing here reads a clock, a socket or the network.
#![warn(missing_docs)]

pub mod decode;
pub mod fixed;
pub mod indicators;
pub mod journal;

#[cfg(feature = "python")]
mod python;
