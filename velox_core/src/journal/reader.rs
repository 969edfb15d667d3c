//! Reading a journal from a Snapshot to its end, every record and every link between segments checked.

use std::path::Path;

use super::error::Error;
use super::folder::{Folder, open_segment, segment_path};
use super::format::{Fault, Head, RECORD_HEADER_LEN, RawRecord, SNAPSHOT, SegmentHeader};
use super::scan::{Look, Scan};
use super::tail::{self, TornTail};

/// Where reading begins; always at the Snapshot of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The oldest segment in the folder.
    First,
    /// The newest segment whose Snapshot is whole.
    LastSnapshot,
    /// The segment of this number.
    Segment(u32),
}

/// How far a reader has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The sequence that must come next.
    pub(super) next_seq: u64,
    pub(super) ts: i64,
    pub(super) crc: u32,
    /// Where the last record ends in its segment.
    pub(super) end: u64,
    pub(super) records: u64,
}

/// A journal read in order. Records borrow the reader's buffer, hence no `Iterator`:
/// `while let Some(record) = reader.next_record()? { … }`.
#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    index: usize,
    scan: Scan,
    /// Length of the record that was handed out last; skipped at the next call.
    held: usize,
    place: Place,
    until: Option<(u64, u64)>,
    torn: Option<TornTail>,
    finished: bool,
}

impl Reader {
    /// Open a journal folder and check all segment headers. The journal may be in use; a record that is being written
    /// then looks like a torn tail and ends the reading.
    pub fn open(dir: &Path, start: Start) -> Result<Self, Error> {
        let folder = Folder::open(dir)?;
        let (index, scan) = begin(&folder, start)?;
        let place = Place { next_seq: folder.headers[index].first_seq, ts: 0, crc: 0, end: 0, records: 0 };
        Ok(Self { folder, index, scan, held: 0, place, until: None, torn: None, finished: false })
    }

    /// Stop behind the record `seq` of `run`, or behind the last one before that position.
    #[must_use]
    pub fn until(mut self, run: u64, seq: u64) -> Self {
        self.until = Some((run, seq));
        self
    }

    /// The next whole record, or `None` at the end. A torn tail is an end, told by [`Reader::torn`]; damage is an error.
    #[inline]
    pub fn next_record(&mut self) -> Result<Option<RawRecord<'_>>, Error> {
        self.scan.skip(std::mem::take(&mut self.held));
        loop {
            if self.finished {
                return Ok(None);
            }
            match self.scan.look()? {
                Look::Record(head) if head.seq == self.place.next_seq => return Ok(self.hand_out(head)),
                Look::Record(head) => return Err(self.damage(out_of_sequence(head, self.place.next_seq))),
                Look::End => self.cross()?,
                Look::Fault(fault) => self.settle(fault)?,
            }
        }
    }

    /// The header of the segment that the last record came from.
    pub fn header(&self) -> &SegmentHeader {
        &self.folder.headers[self.index]
    }

    /// Run of the last record.
    pub fn run(&self) -> u64 {
        self.header().meta.run
    }

    /// Headers of all segments in the folder, in order.
    pub fn headers(&self) -> &[SegmentHeader] {
        &self.folder.headers
    }

    /// What a crash left unfinished at the end, once the end was reached.
    pub fn torn(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    pub(super) fn dir(&self) -> &Path {
        &self.folder.dir
    }

    pub(super) fn stops_early(&self) -> bool {
        self.until.is_some()
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    #[inline]
    fn hand_out(&mut self, head: Head) -> Option<RawRecord<'_>> {
        if self.until.is_some_and(|until| (self.run(), head.seq) > until) {
            self.finished = true;
            return None;
        }
        self.held = head.len as usize;
        self.place = Place {
            next_seq: head.seq.wrapping_add(1),
            ts: head.ts,
            crc: head.crc,
            end: self.scan.offset() + u64::from(head.len),
            records: self.place.records + 1,
        };
        Some(self.scan.record(head, self.folder.headers[self.index].segment))
    }

    /// The segment ended at a record's end: go over to the next one, if there is one.
    #[cold]
    fn cross(&mut self) -> Result<(), Error> {
        let Some(header) = self.folder.headers.get(self.index + 1) else {
            self.torn = self.folder.torn.map(|segment| whole_file(&self.folder, segment)).transpose()?;
            self.finished = true;
            return Ok(());
        };
        let path = segment_path(&self.folder.dir, header.segment);
        if header.first_seq != self.place.next_seq {
            let (found, expected) = (header.first_seq, self.place.next_seq);
            let reason = format!("it begins at seq {found}, but the segment before it ends before seq {expected}");
            return Err(Error::damage(&path, 0, reason));
        }
        if header.previous_crc != self.place.crc {
            return Err(Error::damage(&path, 0, "it does not continue the segment before it: the checksums differ"));
        }
        match enter(&self.folder, self.index + 1)? {
            Entered::Ready(scan) => (self.scan, self.index) = (scan, self.index + 1),
            Entered::Torn(torn) => (self.torn, self.finished) = (Some(torn), true),
        }
        Ok(())
    }

    /// A bad place: a torn tail if nothing whole follows, else damage.
    #[cold]
    fn settle(&mut self, fault: Fault) -> Result<(), Error> {
        let is_last = self.folder.last_number() == Some(self.header().segment);
        let file_len = self.scan.file_len()?;
        let offset = self.scan.offset();
        let seqs = plausible_seqs(self.place.next_seq, file_len.saturating_sub(offset));
        if !is_last || !tail::no_record_after(self.scan.path(), offset, seqs)? {
            return self.look_once_more(fault);
        }
        let bytes = file_len.saturating_sub(offset);
        self.torn = Some(TornTail { file: self.scan.path().to_owned(), offset, bytes });
        self.finished = true;
        Ok(())
    }

    /// Whole records follow, so the one before them is written by now: what was half of it a moment ago is no damage.
    #[cold]
    fn look_once_more(&mut self, fault: Fault) -> Result<(), Error> {
        self.scan.forget_ahead()?;
        match self.scan.look()? {
            Look::Record(_) => Ok(()),
            Look::End | Look::Fault(_) => Err(self.damage(fault)),
        }
    }

    #[cold]
    fn damage(&self, fault: Fault) -> Error {
        Error::damage(self.scan.path(), self.scan.offset(), fault)
    }
}

/// Open the segment that reading begins with.
pub(super) fn begin(folder: &Folder, start: Start) -> Result<(usize, Scan), Error> {
    let last = folder.headers.len() - 1; // an open folder holds a header
    let index = match start {
        Start::First => 0,
        Start::LastSnapshot => last,
        Start::Segment(number) => {
            let found = folder.headers.iter().position(|header| header.segment == number);
            found.ok_or_else(|| Error::refused(format!("the journal has no segment {number}")))?
        }
    };
    match enter(folder, index)? {
        Entered::Ready(scan) => Ok((index, scan)),
        Entered::Torn(_) if start == Start::LastSnapshot && index > 0 => {
            begin(folder, Start::Segment(folder.headers[index - 1].segment))
        }
        Entered::Torn(_) => Err(Error::empty(&folder.dir)),
    }
}

/// The sequences that records in the next `bytes` of a file can have.
pub(super) fn plausible_seqs(next_seq: u64, bytes: u64) -> std::ops::RangeInclusive<u64> {
    next_seq..=next_seq.saturating_add(bytes / RECORD_HEADER_LEN as u64)
}

pub(super) fn out_of_sequence(head: Head, expected: u64) -> Fault {
    Fault::Sequence { found: head.seq, expected }
}

/// Whether a segment's first record is the Snapshot that its header announces.
pub(super) fn first_record_fault(head: Head, header: &SegmentHeader) -> Option<Fault> {
    if head.kind != SNAPSHOT {
        Some(Fault::NoSnapshot)
    } else if head.seq != header.first_seq {
        Some(out_of_sequence(head, header.first_seq))
    } else {
        None
    }
}

enum Entered {
    Ready(Scan),
    /// The last file, without even a whole Snapshot: as if it were not there.
    Torn(TornTail),
}

/// Open a segment and make sure that it begins with a whole Snapshot.
fn enter(folder: &Folder, index: usize) -> Result<Entered, Error> {
    let header = &folder.headers[index];
    let path = segment_path(&folder.dir, header.segment);
    let file = open_segment(&path)?.ok_or_else(|| Error::damage(&path, 0, "the file has just vanished"))?;
    let mut scan = Scan::new(file, path)?;
    let Some(mut fault) = entrance_fault(&mut scan, header)? else { return Ok(Entered::Ready(scan)) };
    if folder.last_number() == Some(header.segment) {
        let seqs = plausible_seqs(header.first_seq, scan.file_len()?);
        if tail::no_record_after(scan.path(), scan.offset(), seqs)? {
            return whole_file(folder, header.segment).map(Entered::Torn);
        }
        // Records follow, so the Snapshot before them is written by now: half of it was no damage.
        scan.forget_ahead()?;
        match entrance_fault(&mut scan, header)? {
            None => return Ok(Entered::Ready(scan)),
            Some(again) => fault = again,
        }
    }
    Err(Error::damage(scan.path(), scan.offset(), fault))
}

/// Why no whole Snapshot stands first; a whole record that is not the one which the header announces is damage.
fn entrance_fault(scan: &mut Scan, header: &SegmentHeader) -> Result<Option<Fault>, Error> {
    match scan.look()? {
        Look::Record(head) => match first_record_fault(head, header) {
            None => Ok(None),
            Some(fault) => Err(Error::damage(scan.path(), scan.offset(), fault)),
        },
        Look::End => Ok(Some(Fault::NoSnapshot)),
        Look::Fault(fault) => Ok(Some(fault)),
    }
}

fn whole_file(folder: &Folder, segment: u32) -> Result<TornTail, Error> {
    let file = segment_path(&folder.dir, segment);
    let metadata = std::fs::metadata(&file).map_err(|source| Error::io("reading", &file, source))?;
    Ok(TornTail { file, offset: 0, bytes: metadata.len() })
}
