//! What can happen to a journal's files: bits flip, writes end early, parts move, files go, strangers write.

use crate::bytes::Bytes;
use crate::folder::{Original, SEGMENTS};
use std::collections::BTreeMap;
use velox_core::journal::{RECORD_HEADER_LEN, SNAPSHOT};

/// Bytes of a segment before its first record.
const SEGMENT_HEADER_LEN: usize = 128;

/// Files after something happened to them.
#[derive(Clone, Debug)]
pub struct Spoilt {
    /// Contents by number.
    pub files: BTreeMap<u32, Vec<u8>>,
    /// Whether every record with a good checksum is one that was written.
    pub honest: bool,
}

impl Spoilt {
    /// Does to the files what the bytes say.
    pub fn new(original: &Original, from: &mut Bytes<'_>) -> Self {
        let mut spoilt = Self { files: (1..).zip(original.files.iter().cloned()).collect(), honest: true };
        let count = from.below(6);
        for _ in 0..count {
            spoilt.happen(original, from);
        }
        spoilt
    }

    fn happen(&mut self, original: &Original, from: &mut Bytes<'_>) {
        let number = 1 + u32::from(from.below(SEGMENTS as u8 + 1));
        match from.below(12) {
            0 | 1 => self.change(number, from, |byte, value| byte ^ value),
            2 => self.change(number, from, |_, _| 0),
            3 | 4 => {
                let at = self.place(number, from);
                self.files.entry(number).and_modify(|file| file.truncate(at));
            }
            5 => self.splice(number, from),
            6 => drop(self.files.remove(&number)),
            7 => {
                let other = 1 + u32::from(from.below(SEGMENTS as u8));
                if let Some(file) = self.files.get(&other).cloned() {
                    self.files.insert(number, file);
                }
            }
            8 => {
                let zeros = usize::from(from.byte()) * 9;
                self.files.entry(number).and_modify(|file| file.resize(file.len() + zeros, 0));
            }
            9 => self.reseal_record(original, from),
            10 => self.reseal_header(number, from),
            _ => self.strange(number, from),
        }
    }

    /// A place in a file, record boundaries more often than others.
    fn place(&self, number: u32, from: &mut Bytes<'_>) -> usize {
        let len = self.files.get(&number).map_or(0, Vec::len);
        (usize::from(from.byte()) << 16 | from.medium() as usize) % (len + 1)
    }

    fn change(&mut self, number: u32, from: &mut Bytes<'_>, how: impl Fn(u8, u8) -> u8) {
        let (at, value, len) = (self.place(number, from), from.byte(), 1 + usize::from(from.below(8)));
        let Some(file) = self.files.get_mut(&number) else { return };
        for byte in file.iter_mut().skip(at).take(len) {
            *byte = how(*byte, value);
        }
    }

    /// A part of one file is put into another, over what is there or in between.
    fn splice(&mut self, number: u32, from: &mut Bytes<'_>) {
        let other = 1 + u32::from(from.below(SEGMENTS as u8));
        let (source, target) = (self.place(other, from), self.place(number, from));
        let (len, over) = (from.medium() as usize % 4_096, from.flag());
        let part: Vec<u8> = self.files.get(&other).into_iter().flatten().skip(source).take(len).copied().collect();
        let Some(file) = self.files.get_mut(&number) else { return };
        let end = if over { (target + part.len()).min(file.len()) } else { target };
        file.splice(target..end, part);
    }

    /// An input's payload is changed and its checksum made good: a program that writes nonsense.
    fn reseal_record(&mut self, original: &Original, from: &mut Bytes<'_>) {
        let record = &original.records[from.medium() as usize % original.records.len()];
        let (at, value) = (from.medium() as usize, from.byte());
        let Some(file) = self.files.get_mut(&record.segment) else { return };
        let (begin, len) = (record.offset, RECORD_HEADER_LEN + record.payload.len());
        let Some(bytes) = file.get_mut(begin..begin + len) else { return };
        if record.kind == SNAPSHOT || record.payload.is_empty() {
            return; // a state that no kernel was in is nobody's to read
        }
        bytes[RECORD_HEADER_LEN + at % record.payload.len()] = value;
        if value & 7 == 7 {
            bytes[24] = value >> 3; // another kind
        }
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[..4]), &bytes[8..]);
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        self.honest = false;
    }

    fn reseal_header(&mut self, number: u32, from: &mut Bytes<'_>) {
        let (at, value) = (usize::from(from.below(124)), from.byte());
        let Some(header) = self.files.get_mut(&number).and_then(|file| file.get_mut(..SEGMENT_HEADER_LEN)) else {
            return;
        };
        header[at] = value;
        let crc = crc32c::crc32c(&header[..124]);
        header[124..].copy_from_slice(&crc.to_le_bytes());
        self.honest = false;
    }

    /// Any bytes at the end of a file, or as a file.
    fn strange(&mut self, number: u32, from: &mut Bytes<'_>) {
        let len = usize::from(from.byte());
        self.files.entry(number).or_default().extend_from_slice(from.take(len));
        self.honest = false;
    }
}
