//! Reading along while the journal is written, from segment to segment, without ever waiting inside.

use std::path::{Path, PathBuf};

use super::error::Error;
use super::folder::{Folder, open_segment, read_header, segment_path};
use super::format::{Fault, Head, RawRecord, SegmentHeader};
use super::reader::{Start, begin, first_record_fault, out_of_sequence, plausible_seqs};
use super::scan::{Look, Scan};
use super::tail;

/// What a follower finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The next record.
    Record(RawRecord<'a>),
    /// Nothing whole yet; ask again in a moment.
    Waiting,
    /// The new segment does not continue what was read, because a crash has cut records that had been readable. Forget
    /// the state; the next record is the Snapshot to begin with.
    Reload {
        /// Number of that segment.
        segment: u32,
    },
}

/// A reader that never comes to an end: it waits at a partial record and goes over to the next segment.
#[derive(Debug)]
pub struct Follower {
    dir: PathBuf,
    header: SegmentHeader,
    scan: Scan,
    /// Length of the record that was handed out last; skipped at the next call.
    held: usize,
    next_seq: u64,
    last_crc: u32,
    /// Length of the file when the bytes behind a bad place were last searched for a record.
    searched_len: u64,
}

enum Advance {
    Record(Head),
    Waiting,
    Reload,
}

impl Follower {
    /// Begin at a Snapshot. A folder without a whole one is an error that [`Error::is_empty`]: try again later.
    pub fn open(dir: &Path, start: Start) -> Result<Self, Error> {
        let folder = Folder::open(dir)?;
        let (index, scan) = begin(&folder, start)?;
        let header = folder.headers[index].clone();
        let next_seq = header.first_seq;
        Ok(Self { dir: folder.dir, header, scan, held: 0, next_seq, last_crc: 0, searched_len: 0 })
    }

    /// The next record if it is there; never blocks.
    #[inline]
    pub fn poll(&mut self) -> Result<Step<'_>, Error> {
        self.scan.skip(std::mem::take(&mut self.held));
        let head = match self.advance()? {
            Advance::Record(head) => head,
            Advance::Waiting => return Ok(Step::Waiting),
            Advance::Reload => return Ok(Step::Reload { segment: self.header.segment }),
        };
        self.held = head.len as usize;
        self.next_seq = head.seq.wrapping_add(1);
        self.last_crc = head.crc;
        Ok(Step::Record(self.scan.record(head, self.header.segment)))
    }

    /// The header of the segment that is being read.
    pub fn header(&self) -> &SegmentHeader {
        &self.header
    }

    fn advance(&mut self) -> Result<Advance, Error> {
        if let Look::Record(head) = self.scan.look()? {
            return self.in_sequence(head);
        }
        self.scan.forget_ahead()?; // what is buffered may be half of a write
        // The next file is looked for before this one is read again: the writer finishes one before it makes the other.
        let next = self.open_next()?;
        match (self.scan.look()?, next) {
            (Look::Record(head), _) => self.in_sequence(head),
            (Look::End, Some((header, scan))) => self.cross(header, scan),
            (Look::End, None) => Ok(Advance::Waiting),
            (Look::Fault(fault), Some(_)) => Err(self.damage(fault)),
            (Look::Fault(_), None) => self.doubt(),
        }
    }

    fn in_sequence(&self, head: Head) -> Result<Advance, Error> {
        if head.seq == self.next_seq {
            Ok(Advance::Record(head))
        } else {
            Err(self.damage(out_of_sequence(head, self.next_seq)))
        }
    }

    /// The next segment once its Snapshot is whole. Until then its file may be removed and made anew by a recovery, so it
    /// is not kept open.
    fn open_next(&self) -> Result<Option<(SegmentHeader, Scan)>, Error> {
        let path = segment_path(&self.dir, self.header.segment + 1);
        let Some(file) = open_segment(&path)? else { return Ok(None) };
        let header = match read_header(&file, &path)? {
            Ok(header) => header,
            Err(Fault::HeaderFormat(format)) => return Err(Error::unsupported(&path, format)),
            Err(Fault::HeaderMagic) => return Err(Error::damage(&path, 0, Fault::HeaderMagic)),
            Err(_half_written) => return Ok(None),
        };
        let mut scan = Scan::new(file, path)?;
        let Look::Record(head) = scan.look()? else { return Ok(None) };
        match first_record_fault(head, &header) {
            None => Ok(Some((header, scan))),
            Some(fault) => Err(Error::damage(scan.path(), scan.offset(), fault)),
        }
    }

    fn cross(&mut self, header: SegmentHeader, mut scan: Scan) -> Result<Advance, Error> {
        let continues = header.first_seq == self.next_seq && header.previous_crc == self.last_crc;
        let look = scan.look()?;
        self.next_seq = header.first_seq;
        (self.header, self.scan, self.searched_len) = (header, scan, 0);
        match look {
            Look::Record(head) if continues => self.in_sequence(head),
            Look::Record(_) => Ok(Advance::Reload),
            Look::End | Look::Fault(_) => Err(self.damage(Fault::NoSnapshot)),
        }
    }

    /// A bad place at the end is a write in progress, unless a whole record stands behind it.
    fn doubt(&mut self) -> Result<Advance, Error> {
        let file_len = self.scan.file_len()?;
        if file_len == self.searched_len {
            return Ok(Advance::Waiting);
        }
        self.searched_len = file_len;
        let offset = self.scan.offset();
        let seqs = plausible_seqs(self.next_seq, file_len.saturating_sub(offset));
        if tail::no_record_after(self.scan.path(), offset, seqs)? {
            return Ok(Advance::Waiting);
        }
        // By now the write may be complete, and what was found is simply the record after it.
        self.scan.forget_ahead()?;
        match self.scan.look()? {
            Look::Record(head) => self.in_sequence(head),
            Look::Fault(fault) => Err(self.damage(fault)),
            Look::End => Ok(Advance::Waiting),
        }
    }

    #[cold]
    fn damage(&self, fault: Fault) -> Error {
        Error::damage(self.scan.path(), self.scan.offset(), fault)
    }
}
