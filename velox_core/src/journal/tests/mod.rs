//! What the journal promises, tried on real files and on disks that fail.

mod build;
mod crash;
mod damage;
mod disks;
mod fault;
mod follow;
mod killed;
mod round_trip;
