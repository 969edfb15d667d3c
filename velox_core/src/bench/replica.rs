//! A replica that catches up: the journal's records through the kernel, as fast as they can be read.

use super::processor_ns;
use crate::journal::{Reader, Start};
use crate::replay::{Follow, Placed, ReplayError};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a replica did.
#[derive(Debug)]
pub struct Run {
    /// Ticks applied.
    pub ticks: u64,
    /// Records read.
    pub records: u64,
    /// Time from the first record to the last.
    pub spent: Duration,
    /// Processor time of the same.
    pub processor_ns: u64,
    /// The decisions' hash of the state that it reached.
    pub hash: [u8; 32],
}

/// Follows a journal from its first Snapshot to its end; with `verify` every decision is compared.
pub fn run(dir: &Path, verify: bool) -> Result<Run, ReplayError> {
    let mut reader = Reader::open(dir, Start::First)?;
    let mut follow = Follow::new(verify, BTreeSet::new());
    let mut records = 0;
    let (since, processor) = (Instant::now(), processor_ns());
    while let Some(record) = reader.next_record()? {
        let placed = Placed { run: 1, seq: record.seq, ts: record.ts, kind: record.kind, payload: record.payload };
        follow.take(placed, None)?;
        records += 1;
    }
    let spent = since.elapsed();
    let processor_ns = processor_ns() - processor;
    Ok(Run { ticks: follow.kernel.ticks(), records, spent, processor_ns, hash: follow.kernel.hash.value() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::tick::{self, Plan};

    #[test]
    fn a_replica_reaches_the_state_of_the_engine() {
        let dir = tempfile::tempdir().unwrap();
        let plan = Plan { instruments: 10, gap_ms: 100, warm_up: 0, ticks: 4_096 };
        let engine = tick::run(Some(dir.path()), plan).unwrap();
        let replica = run(dir.path(), true).unwrap();
        assert_eq!((replica.hash, replica.ticks), (engine.hash, 4_096));
        assert!(replica.records > replica.ticks);
    }
}
