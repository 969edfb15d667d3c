//! Builders shared by the journal's tests.

use std::path::Path;
use std::time::Duration;

use crate::journal::{FirstRecord, Lock, Options, RawRecord, Reader, SegmentMeta, Start, Writer};

/// A record with its payload, free of the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) seq: u64,
    pub(super) ts: i64,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) payload: Vec<u8>,
}

impl From<RawRecord<'_>> for Owned {
    fn from(raw: RawRecord<'_>) -> Self {
        Self { seq: raw.seq, ts: raw.ts, kind: raw.kind, flags: raw.flags, payload: raw.payload.to_vec() }
    }
}

pub(super) fn meta(run: u64) -> SegmentMeta {
    SegmentMeta {
        run,
        kernel_version: "0.1.0".to_owned(),
        config_digest: [3; 32],
        facts_digest: [4; 32],
        created_ns: 1_000,
    }
}

pub(super) fn first(seq: u64) -> FirstRecord {
    FirstRecord { seq, ts: seq as i64 * 10, snapshot: format!("state at {seq}").into_bytes() }
}

pub(super) fn options() -> Options {
    Options { buffer_len: 1 << 20, ..Options::default() }
}

pub(super) fn create(dir: &Path) -> Writer {
    Writer::create(Lock::acquire(dir).unwrap(), options(), meta(1), &first(1)).unwrap()
}

/// Append the records `from..=to`, each with a payload that its seq decides.
pub(super) fn append(writer: &mut Writer, from: u64, to: u64) {
    for seq in from..=to {
        writer.append(seq, seq as i64 * 10, 7, 0, &payload(seq)).unwrap();
    }
}

pub(super) fn payload(seq: u64) -> Vec<u8> {
    (0..seq % 40).map(|at| (seq * 31 + at) as u8).collect()
}

/// Everything a reader shows from the beginning.
pub(super) fn read_all(dir: &Path) -> Vec<Owned> {
    read_from(Reader::open(dir, Start::First).unwrap())
}

pub(super) fn read_from(mut reader: Reader) -> Vec<Owned> {
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push(record.into());
    }
    records
}

pub(super) fn seqs(records: &[Owned]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

/// Long enough that only a hang reaches it.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
