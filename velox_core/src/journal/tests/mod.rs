//! What the journal promises, tried on real files and on disks that fail.

mod build;
mod round_trip;
