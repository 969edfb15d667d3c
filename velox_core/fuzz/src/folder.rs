//! A journal that the real engine wrote, as files in memory: what the `journal` target spoils.

use crate::bytes::Bytes;
use crate::payload::encode;
use crate::play::Play;
use crate::watched::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use velox_core::engine::{Engine, Identity};
use velox_core::journal::{Reader, Start, segment_path};
use velox_core::replay::Measures;

/// Segments that the engine wrote, in two runs.
pub const SEGMENTS: u32 = 3;
/// Inputs between a segment and the next.
const INPUTS: usize = 40;

/// A record free of its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its sequence.
    pub seq: u64,
    /// Its time.
    pub ts: i64,
    /// Its kind's number.
    pub kind: u8,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Number of its segment.
    pub segment: u32,
    /// Where it begins in that file.
    pub offset: usize,
}

/// The journal as it was written.
#[derive(Debug)]
pub struct Original {
    /// Its files by number from 1.
    pub files: Vec<Vec<u8>>,
    /// Its records; the first has the sequence 1.
    pub records: Vec<Written>,
}

/// The folder of this process, in memory where the system has such a place at `TMPDIR`.
pub fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("velox-fuzz-{}", std::process::id()))
}

/// The journal as it was written; made once.
pub fn original() -> &'static Original {
    static ORIGINAL: OnceLock<Original> = OnceLock::new();
    ORIGINAL.get_or_init(|| write(&folder().join("original")))
}

/// A day of a hundred inputs: a segment, another of the same run, a third of the run after it.
fn write(dir: &Path) -> Original {
    let inputs = day();
    let mut parts = inputs.chunks(INPUTS);
    let mut engine = Engine::create(dir, &Identity::default()).expect("a journal begins");
    put(&mut engine, parts.next());
    engine.rotate(0).expect("a segment follows");
    put(&mut engine, parts.next());
    engine.close().expect("a run ends");
    let again = Engine::recover(dir, &Identity::default(), &Measures::default());
    let mut engine = again.expect("the next run goes on").0;
    put(&mut engine, parts.next());
    engine.close().expect("a run ends");
    let files = (1..=SEGMENTS).map(|n| fs::read(segment_path(dir, n)).expect("a segment is there")).collect();
    let records = read(dir).expect("what was written reads back");
    fs::remove_dir_all(dir).expect("the folder goes");
    Original { files, records }
}

fn day() -> Vec<(i64, u8, Vec<u8>)> {
    let bytes: Vec<u8> = (0..4_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut from = Bytes::new(&bytes);
    let mut play = Play::begin(&mut from);
    play.run(&mut from);
    let applied = play.watched.steps.iter().map_while(|step| match step {
        Step::Apply(ts, input) => Some((*ts, input)),
        Step::PassOver(_) => None,
    });
    applied
        .take(INPUTS * SEGMENTS as usize)
        .map(|(ts, input)| {
            let (kind, payload) = encode(input);
            (ts, kind as u8, payload)
        })
        .collect()
}

fn put(engine: &mut Engine, inputs: Option<&[(i64, u8, Vec<u8>)]>) {
    for (ts, kind, payload) in inputs.expect("the day is long enough") {
        let kind = velox_core::record::Kind::from_u8(*kind).expect("a kind that was encoded");
        engine.put(*ts, kind, payload).expect("what applied once applies again");
    }
}

/// Every record of a folder from its first segment on; what was read before an error is lost.
pub fn read(dir: &Path) -> Result<Vec<Written>, velox_core::journal::Error> {
    let mut reader = Reader::open(dir, Start::First)?;
    let mut records = Vec::new();
    while let Some(r) = reader.next_record()? {
        records.push(Written {
            seq: r.seq,
            ts: r.ts,
            kind: r.kind,
            payload: r.payload.to_vec(),
            segment: r.segment,
            offset: r.offset as usize,
        });
    }
    Ok(records)
}
