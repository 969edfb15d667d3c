//! What is left of a journal after its writer ended, however it ended: found without changing a byte.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::format::SegmentHeader;
use super::reader::{Place, Reader, Start};
use super::tail::TornTail;
use super::watermark::Watermark;

/// The whole records of a journal and where they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The journal folder.
    pub dir: PathBuf,
    /// Header of the segment that holds the last whole record.
    pub header: SegmentHeader,
    /// Sequence of the last whole record.
    pub last_seq: u64,
    /// Its engine time in ns.
    pub last_ts: i64,
    /// Records read to find it.
    pub records: u64,
    /// What a crash left unfinished behind it.
    pub torn: Option<TornTail>,
    /// How far the last writer said it had come; a hint.
    pub watermark: Option<Watermark>,
    pub(super) last_crc: u32,
    /// Where the last whole record ends in its segment.
    pub(super) end: u64,
}

impl Recovery {
    /// Run of the last whole record; the next engine's run must be larger.
    pub fn run(&self) -> u64 {
        self.header.meta.run
    }

    /// How many records the last writer had called durable and the files no longer hold: 0 unless a disk lied or
    /// somebody cut the file. To be reported, never to be passed over.
    pub fn synced_but_lost(&self) -> u64 {
        match self.watermark {
            Some(mark) if mark.run == self.run() => mark.synced.saturating_sub(self.last_seq),
            Some(_) | None => 0,
        }
    }
}

/// Read a whole journal, every segment, and find its last whole record.
///
/// Damage anywhere is an error that names file and offset; a torn tail is part of the result and stays in the file
/// until a writer resumes.
pub fn recover(dir: &Path) -> Result<Recovery, Error> {
    read_to_end(dir, Start::First)
}

/// As [`recover`], but from the last Snapshot on: what an engine needs to start, in the time it has for it. Of the
/// older segments only the headers are checked.
pub fn recover_tail(dir: &Path) -> Result<Recovery, Error> {
    read_to_end(dir, Start::LastSnapshot)
}

fn read_to_end(dir: &Path, start: Start) -> Result<Recovery, Error> {
    Reader::open(dir, start)?.into_recovery()
}

impl Reader {
    /// Read what is left and say where the journal ends, so that replaying and recovering read the files once.
    ///
    /// A reader that was told to stop early knows no end and refuses.
    pub fn into_recovery(mut self) -> Result<Recovery, Error> {
        if self.stops_early() {
            return Err(Error::refused("a reader that stops early cannot tell where the journal ends"));
        }
        while self.next_record()?.is_some() {}
        let Place { next_seq, ts, crc, end, records } = self.place();
        Ok(Recovery {
            dir: self.dir().to_owned(),
            header: self.header().clone(),
            last_seq: next_seq.wrapping_sub(1),
            last_ts: ts,
            records,
            torn: self.torn().cloned(),
            watermark: Watermark::read(self.dir()),
            last_crc: crc,
            end,
        })
    }
}
