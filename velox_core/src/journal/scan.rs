//! One segment file read front to back through a buffer, each record checked before it is shown.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::format::{Fault, Head, RECORD_HEADER_LEN, RawRecord, SEGMENT_HEADER_LEN, checksum_holds};

/// Fits the second-level cache, so that a record is checked and used while it is near.
const CHUNK_LEN: usize = 512 << 10;

/// What stands at the scan's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A whole record with a good checksum; its sequence is for the caller to judge.
    Record(Head),
    /// The file ends exactly here.
    End,
    /// Bytes that are no whole record.
    Fault(Fault),
}

/// A place in a segment file and the bytes around it.
#[derive(Debug)]
pub(super) struct Scan {
    file: File,
    path: PathBuf,
    buffer: Vec<u8>,
    /// The place within `buffer`, whose bytes are good up to `end`.
    start: usize,
    end: usize,
    /// The place within the file.
    offset: u64,
}

impl Scan {
    /// Begin behind the header of an open segment.
    pub(super) fn new(mut file: File, path: PathBuf) -> Result<Self, Error> {
        let offset = SEGMENT_HEADER_LEN as u64;
        file.seek(SeekFrom::Start(offset)).map_err(|source| Error::io("reading", &path, source))?;
        Ok(Self { file, path, buffer: vec![0; CHUNK_LEN], start: 0, end: 0, offset })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn file_len(&self) -> Result<u64, Error> {
        let metadata = self.file.metadata().map_err(|source| Error::io("reading", &self.path, source))?;
        Ok(metadata.len())
    }

    /// See what stands at the place, without moving.
    #[inline]
    pub(super) fn look(&mut self) -> Result<Look, Error> {
        if self.end - self.start < RECORD_HEADER_LEN && !self.fill(RECORD_HEADER_LEN)? {
            return Ok(if self.start == self.end { Look::End } else { Look::Fault(Fault::Short) });
        }
        let Some(bytes) = self.buffer[self.start..self.end].first_chunk() else {
            return Ok(Look::Fault(Fault::Short));
        };
        let head = Head::parse(bytes);
        if !head.length_possible() {
            return Ok(Look::Fault(Fault::Length(head.len)));
        }
        let len = head.len as usize;
        if self.end - self.start < len && !self.fill(len)? {
            return Ok(Look::Fault(Fault::Short));
        }
        if !checksum_holds(&self.buffer[self.start..self.start + len], head.crc) {
            return Ok(Look::Fault(Fault::Checksum));
        }
        Ok(Look::Record(head))
    }

    /// Move behind the record of `len` bytes that was looked at.
    #[inline]
    pub(super) fn skip(&mut self, len: usize) {
        self.start += len;
        self.offset += len as u64;
    }

    /// The record that was looked at.
    #[inline]
    pub(super) fn record(&self, head: Head, segment: u32) -> RawRecord<'_> {
        RawRecord {
            seq: head.seq,
            ts: head.ts,
            kind: head.kind,
            flags: head.flags,
            payload: &self.buffer[self.start + RECORD_HEADER_LEN..self.start + head.len as usize],
            segment,
            offset: self.offset,
        }
    }

    /// Forget the bytes ahead, so that the next look reads the file anew: a tailing reader may have met half a write.
    pub(super) fn forget_ahead(&mut self) -> Result<(), Error> {
        (self.start, self.end) = (0, 0);
        let sought = self.file.seek(SeekFrom::Start(self.offset));
        sought.map(|_| ()).map_err(|source| Error::io("reading", &self.path, source))
    }

    /// Make at least `need` bytes from the place on available; false when the file does not hold them.
    #[cold]
    fn fill(&mut self, need: usize) -> Result<bool, Error> {
        // Asked of the file before the buffer grows: a hostile length must not cost a gigabyte.
        if need > CHUNK_LEN && self.offset + need as u64 > self.file_len()? {
            return Ok(false);
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let size = need.max(self.end).max(CHUNK_LEN);
        if size != self.buffer.len() {
            self.buffer.resize(size, 0);
            self.buffer.shrink_to(size); // after a large Snapshot
        }
        while self.end < need {
            match self.file.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Ok(false),
                Ok(count) => self.end += count,
                Err(source) if source.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::io("reading", &self.path, source)),
            }
        }
        Ok(true)
    }
}
