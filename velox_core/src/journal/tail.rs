//! Torn or damaged: does any whole record stand behind a bad place?

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::format::{Head, RECORD_HEADER_LEN, checksum_holds};

/// Step of the search through a file.
const WINDOW_LEN: usize = 1 << 20;
/// Bytes that may be checksummed per byte searched. Honest files need about one; a file made to look plausible at
/// every byte would need its own length, and is called damaged instead.
const EFFORT_PER_BYTE: u64 = 64;

/// The end of the last segment that a crash left unfinished; recovery cuts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The segment file.
    pub file: PathBuf,
    /// Where the first record that is not whole begins; 0 when not even the Snapshot is whole and the file goes.
    pub offset: u64,
    /// How many bytes are cut.
    pub bytes: u64,
}

/// Whether no whole record whose sequence lies in `seqs` begins behind byte `offset` of the file.
pub(super) fn no_record_after(path: &Path, offset: u64, seqs: RangeInclusive<u64>) -> Result<bool, Error> {
    Search::open(path, seqs)
        .and_then(|mut search| search.none_after(offset))
        .map_err(|source| Error::io("reading", path, source))
}

struct Search {
    file: File,
    file_len: u64,
    seqs: RangeInclusive<u64>,
    effort_left: u64,
    record: Vec<u8>,
}

impl Search {
    fn open(path: &Path, seqs: RangeInclusive<u64>) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let file_len = file.metadata()?.len();
        Ok(Self { file, file_len, seqs, effort_left: 0, record: Vec::new() })
    }

    fn none_after(&mut self, offset: u64) -> std::io::Result<bool> {
        let mut begin = offset.saturating_add(1);
        self.effort_left = self.file_len.saturating_sub(begin).saturating_mul(EFFORT_PER_BYTE);
        let mut window = Vec::with_capacity(WINDOW_LEN);
        while begin + (RECORD_HEADER_LEN as u64) <= self.file_len {
            self.read(&mut window, begin, WINDOW_LEN)?;
            if window.len() < RECORD_HEADER_LEN {
                break;
            }
            for (at, bytes) in window.windows(RECORD_HEADER_LEN).enumerate() {
                let Some(bytes) = bytes.first_chunk() else { break };
                if self.is_record(Head::parse(bytes), begin + at as u64)? {
                    return Ok(false);
                }
            }
            begin += (window.len() - RECORD_HEADER_LEN + 1) as u64;
        }
        Ok(true)
    }

    /// Out of effort counts as a record: what cannot be shown to be torn is damage.
    fn is_record(&mut self, head: Head, begin: u64) -> std::io::Result<bool> {
        let len = u64::from(head.len);
        if !head.length_possible() || begin + len > self.file_len || !self.seqs.contains(&head.seq) {
            return Ok(false);
        }
        if len > self.effort_left {
            return Ok(true);
        }
        self.effort_left -= len;
        let mut record = std::mem::take(&mut self.record);
        self.read(&mut record, begin, len as usize)?;
        let holds = record.len() == len as usize && checksum_holds(&record, head.crc);
        self.record = record;
        Ok(holds)
    }

    fn read(&mut self, into: &mut Vec<u8>, begin: u64, len: usize) -> std::io::Result<()> {
        into.clear();
        self.file.seek(SeekFrom::Start(begin))?;
        (&self.file).take(len as u64).read_to_end(into).map(|_| ())
    }
}
