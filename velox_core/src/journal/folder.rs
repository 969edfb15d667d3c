//! The journal folder: which segment files it holds, in which order, with which headers.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::format::{Fault, SEGMENT_HEADER_LEN, SegmentHeader};
use super::tail;

/// Eight digits name a segment.
pub(super) const SEGMENT_MAX: u32 = 99_999_999;

/// Path of a segment file in a journal folder.
pub fn segment_path(dir: &Path, segment: u32) -> PathBuf {
    dir.join(format!("{segment:08}.vj"))
}

/// The segments of a folder in order: every header read and checked against its neighbours.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    /// Headers by ascending number without a gap.
    pub(super) headers: Vec<SegmentHeader>,
    /// The last file when its header was torn; it holds no record.
    pub(super) torn: Option<u32>,
}

impl Folder {
    /// List a folder; a header that is damaged, or does not follow the one before it, is an error.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let numbers = segment_numbers(dir)?;
        let mut folder = Self { dir: dir.to_owned(), headers: Vec::with_capacity(numbers.len()), torn: None };
        let last = numbers.last().copied();
        for number in numbers {
            let path = segment_path(dir, number);
            let file = open_segment(&path)?.ok_or_else(|| Error::damage(&path, 0, "the file has just vanished"))?;
            let mut found = read_header(&file, &path)?;
            if let Err(fault) = found
                && Some(number) == last
            {
                if header_is_torn(&path, fault)? {
                    folder.torn = Some(number);
                    break;
                }
                // Records follow, so the header before them is written by now: half of it was no damage.
                (&file).rewind().map_err(|source| Error::io("reading", &path, source))?;
                found = read_header(&file, &path)?;
            }
            match found {
                Ok(header) => {
                    folder.check_follows(&path, number, &header)?;
                    folder.headers.push(header);
                }
                Err(Fault::HeaderFormat(format)) => return Err(Error::unsupported(&path, format)),
                Err(fault) => return Err(Error::damage(&path, 0, fault)),
            }
        }
        if folder.headers.is_empty() { Err(Error::empty(dir)) } else { Ok(folder) }
    }

    /// The last file of the folder, torn or not.
    pub(super) fn last_number(&self) -> Option<u32> {
        self.torn.or_else(|| self.headers.last().map(|header| header.segment))
    }

    fn check_follows(&self, path: &Path, number: u32, header: &SegmentHeader) -> Result<(), Error> {
        if header.segment != number {
            let reason = format!("its header says that it is segment {}", header.segment);
            return Err(Error::damage(path, 0, reason));
        }
        let Some(before) = self.headers.last() else { return Ok(()) };
        if before.segment + 1 != number {
            let reason = format!("segment {} is missing before it", before.segment + 1);
            return Err(Error::damage(path, 0, reason));
        }
        if header.first_seq <= before.first_seq || header.meta.run < before.meta.run {
            return Err(Error::damage(path, 0, "its first seq or run goes back behind the segment before it"));
        }
        Ok(())
    }
}

/// Numbers of the segment files in a folder, ascending; other files are none of our business.
pub(super) fn segment_numbers(dir: &Path) -> Result<Vec<u32>, Error> {
    if !dir.exists() {
        return Err(Error::missing(dir));
    }
    if !dir.is_dir() {
        return Err(Error::not_folder(dir));
    }
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(|source| Error::io("listing", dir, source))? {
        let entry = entry.map_err(|source| Error::io("listing", dir, source))?;
        numbers.extend(entry.file_name().to_str().and_then(segment_number));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn segment_number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".vj")?;
    let wellformed = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if wellformed { digits.parse().ok() } else { None }
}

/// Open a segment file, `None` when there is none.
pub(super) fn open_segment(path: &Path) -> Result<Option<File>, Error> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("opening", path, source)),
    }
}

/// The header at the beginning of an open segment.
pub(super) fn read_header(file: &File, path: &Path) -> Result<Result<SegmentHeader, Fault>, Error> {
    let mut bytes = Vec::with_capacity(SEGMENT_HEADER_LEN);
    let read = file.take(SEGMENT_HEADER_LEN as u64).read_to_end(&mut bytes);
    read.map_err(|source| Error::io("reading", path, source))?;
    Ok(SegmentHeader::parse(&bytes))
}

/// A last header that a crash may have left: ours as far as it goes, and no record behind it.
fn header_is_torn(path: &Path, fault: Fault) -> Result<bool, Error> {
    match fault {
        Fault::HeaderShort | Fault::HeaderBlank | Fault::HeaderChecksum => tail::no_record_after(path, 0, 0..=u64::MAX),
        Fault::Short
        | Fault::Length(_)
        | Fault::Checksum
        | Fault::Sequence { .. }
        | Fault::NoSnapshot
        | Fault::HeaderMagic
        | Fault::HeaderFormat(_)
        | Fault::HeaderFields => Ok(false),
    }
}
