//! The bytes on disk: record header, segment header and their checksums, all little-endian.
//!
//! | record | bytes | |
//! |---|---|---|
//! | `len` | 0..4 | the whole record, this header included |
//! | `crc` | 4..8 | CRC-32C of bytes 0..4 followed by bytes 8..len |
//! | `seq` | 8..16 | counts on over segments and runs |
//! | `ts` | 16..24 | ns |
//! | `kind`, `flags` | 24, 25 | opaque here |
//! | payload | 26..len | opaque here |
//!
//! | segment header | bytes | |
//! |---|---|---|
//! | magic | 0..8 | `VELOXJNL` |
//! | format | 8..10 | 1 |
//! | header length | 10..12 | 128 |
//! | segment number | 12..16 | equals the file's name |
//! | run | 16..24 | new at every engine start, never smaller than before |
//! | first seq | 24..32 | of the Snapshot that follows |
//! | created | 32..40 | wall ns, a side field |
//! | kernel version | 40..56 | text, zero padded |
//! | config, facts digest | 56..88, 88..120 | |
//! | previous CRC | 120..124 | of the previous segment's last record, 0 in the first |
//! | header CRC | 124..128 | CRC-32C of bytes 0..124 |

use std::fmt;

/// The kind of the record that opens each segment; every other kind belongs to the caller.
pub const SNAPSHOT: u8 = 1;

/// The format this program writes and reads.
pub const FORMAT_VERSION: u16 = 1;

/// Bytes of a record before its payload.
pub const RECORD_HEADER_LEN: usize = 26;

/// Longest record of any kind but Snapshot, header included.
pub const RECORD_LEN_MAX: usize = 64 << 20;

/// Longest Snapshot record, header included.
pub const SNAPSHOT_LEN_MAX: usize = 1 << 30;

pub(super) const SEGMENT_HEADER_LEN: usize = 128;
pub(super) const MAGIC: [u8; 8] = *b"VELOXJNL";

/// What a segment says about the engine that writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentMeta {
    /// Number of this engine start; larger than every earlier one in the folder.
    pub run: u64,
    /// Kernel version, at most 16 bytes of text.
    pub kernel_version: String,
    /// SHA-256 of the configuration.
    pub config_digest: [u8; 32],
    /// SHA-256 of the market facts.
    pub facts_digest: [u8; 32],
    /// Wall time of creation in ns; a side field that no replay reads.
    pub created_ns: i64,
}

/// The header of one segment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Who wrote it.
    pub meta: SegmentMeta,
    /// Number of the file in its folder, from 1.
    pub segment: u32,
    /// Sequence of its first record, the Snapshot.
    pub first_seq: u64,
    /// CRC of the last record of the segment before, 0 in the first.
    pub previous_crc: u32,
}

/// One record as it lies in the file; the payload is borrowed from the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// Sequence number.
    pub seq: u64,
    /// Engine time in ns.
    pub ts: i64,
    /// Record kind, opaque to the journal but for [`SNAPSHOT`].
    pub kind: u8,
    /// Flags, opaque to the journal.
    pub flags: u8,
    /// The record's bytes after its header.
    pub payload: &'a [u8],
    /// Number of the segment file.
    pub segment: u32,
    /// Where the record begins in that file.
    pub offset: u64,
}

/// The fields before the payload, as the caller names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) len: u32,
    pub(super) crc: u32,
    pub(super) seq: u64,
    pub(super) ts: i64,
    pub(super) kind: u8,
    pub(super) flags: u8,
}

/// Why a stretch of bytes is not a good record or header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Short,
    Length(u32),
    Checksum,
    Sequence { found: u64, expected: u64 },
    NoSnapshot,
    HeaderShort,
    HeaderMagic,
    HeaderBlank,
    HeaderChecksum,
    HeaderFormat(u16),
    HeaderFields,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => f.write_str("the record ends before its length says"),
            Self::Length(len) => write!(f, "the record's length {len} is impossible"),
            Self::Checksum => f.write_str("the record's checksum does not match"),
            Self::Sequence { found, expected } => write!(f, "seq {found} stands where {expected} belongs"),
            Self::NoSnapshot => f.write_str("the segment does not begin with a Snapshot"),
            Self::HeaderShort => f.write_str("the file ends within its header"),
            Self::HeaderMagic => f.write_str("the file does not begin with VELOXJNL, so it is no journal segment"),
            Self::HeaderBlank => f.write_str("the header is blank"),
            Self::HeaderChecksum => f.write_str("the header's checksum does not match"),
            Self::HeaderFormat(format) => write!(f, "the header names the unknown format {format}"),
            Self::HeaderFields => f.write_str("the header's fields are impossible"),
        }
    }
}

#[inline]
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

impl Head {
    /// The 26 bytes with the length where the checksum goes, so that one call of the CRC covers both.
    #[inline]
    pub(super) fn unsealed(self) -> [u8; RECORD_HEADER_LEN] {
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[4..8].copy_from_slice(&self.len.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.seq.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.ts.to_le_bytes());
        bytes[24] = self.kind;
        bytes[25] = self.flags;
        bytes
    }

    /// The finished 26 bytes and the checksum for a payload that lies elsewhere.
    pub(super) fn sealed(self, payload: &[u8]) -> ([u8; RECORD_HEADER_LEN], u32) {
        let mut bytes = self.unsealed();
        let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes[4..]), payload);
        bytes[0..4].copy_from_slice(&self.len.to_le_bytes());
        bytes[4..8].copy_from_slice(&crc.to_le_bytes());
        (bytes, crc)
    }

    #[inline]
    pub(super) fn parse(bytes: &[u8; RECORD_HEADER_LEN]) -> Self {
        Self {
            len: u32::from_le_bytes(array(bytes, 0)),
            crc: u32::from_le_bytes(array(bytes, 4)),
            seq: u64::from_le_bytes(array(bytes, 8)),
            ts: i64::from_le_bytes(array(bytes, 16)),
            kind: bytes[24],
            flags: bytes[25],
        }
    }

    /// Whether the length lies within what this kind may have.
    #[inline]
    pub(super) fn length_possible(self) -> bool {
        let len_max = if self.kind == SNAPSHOT { SNAPSHOT_LEN_MAX } else { RECORD_LEN_MAX };
        (RECORD_HEADER_LEN..=len_max).contains(&(self.len as usize))
    }
}

/// Finish whole records that lie one behind the other; the checksum of the last one, `None` where there is none.
pub(super) fn seal_all(mut records: &mut [u8]) -> Option<u32> {
    let mut last = None;
    while records.len() >= RECORD_HEADER_LEN {
        let len = u32::from_le_bytes(array(records, 4)) as usize;
        let (record, rest) = records.split_at_mut(len);
        last = Some(seal(record));
        records = rest;
    }
    last
}

/// Finish a record whose header was written by [`Head::unsealed`]: `record` is the whole of it.
#[inline]
fn seal(record: &mut [u8]) -> u32 {
    let crc = crc32c::crc32c(&record[4..]);
    record.copy_within(4..8, 0);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    crc
}

/// Whether a whole record carries the checksum of its bytes.
#[inline]
pub(super) fn checksum_holds(record: &[u8], crc: u32) -> bool {
    crc32c::crc32c_append(crc32c::crc32c(&record[..4]), &record[8..]) == crc
}

impl SegmentHeader {
    /// The header's 128 bytes, or `None` when the kernel version is longer than 16 bytes or holds a zero byte.
    pub(super) fn encode(&self) -> Option<[u8; SEGMENT_HEADER_LEN]> {
        let version = self.meta.kernel_version.as_bytes();
        if version.len() > 16 || version.contains(&0) {
            return None;
        }
        let mut bytes = [0; SEGMENT_HEADER_LEN];
        bytes[0..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&(SEGMENT_HEADER_LEN as u16).to_le_bytes());
        bytes[12..16].copy_from_slice(&self.segment.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.meta.run.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.meta.created_ns.to_le_bytes());
        bytes[40..40 + version.len()].copy_from_slice(version);
        bytes[56..88].copy_from_slice(&self.meta.config_digest);
        bytes[88..120].copy_from_slice(&self.meta.facts_digest);
        bytes[120..124].copy_from_slice(&self.previous_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..124]);
        bytes[124..128].copy_from_slice(&crc.to_le_bytes());
        Some(bytes)
    }

    /// Read a header back; `bytes` is as much of it as the file holds.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let begin = &bytes[..bytes.len().min(MAGIC.len())];
        if begin.iter().all(|byte| *byte == 0) {
            return Err(Fault::HeaderBlank);
        }
        if *begin != MAGIC[..begin.len()] {
            return Err(Fault::HeaderMagic);
        }
        let Some(bytes) = bytes.first_chunk::<SEGMENT_HEADER_LEN>() else {
            return Err(Fault::HeaderShort);
        };
        if crc32c::crc32c(&bytes[..124]) != u32::from_le_bytes(array(bytes, 124)) {
            return Err(Fault::HeaderChecksum);
        }
        let format = u16::from_le_bytes(array(bytes, 8));
        if format != FORMAT_VERSION {
            return Err(Fault::HeaderFormat(format));
        }
        let version_len = bytes[40..56].iter().position(|byte| *byte == 0).unwrap_or(16);
        let version = std::str::from_utf8(&bytes[40..40 + version_len]).map_err(|_| Fault::HeaderFields)?;
        if usize::from(u16::from_le_bytes(array(bytes, 10))) != SEGMENT_HEADER_LEN {
            return Err(Fault::HeaderFields);
        }
        Ok(Self {
            meta: SegmentMeta {
                run: u64::from_le_bytes(array(bytes, 16)),
                kernel_version: version.to_owned(),
                config_digest: array(bytes, 56),
                facts_digest: array(bytes, 88),
                created_ns: i64::from_le_bytes(array(bytes, 32)),
            },
            segment: u32::from_le_bytes(array(bytes, 12)),
            first_seq: u64::from_le_bytes(array(bytes, 24)),
            previous_crc: u32::from_le_bytes(array(bytes, 120)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SegmentHeader {
        SegmentHeader {
            meta: SegmentMeta {
                run: 7,
                kernel_version: "0.1.0".to_owned(),
                config_digest: [1; 32],
                facts_digest: [2; 32],
                created_ns: -5,
            },
            segment: 3,
            first_seq: 1 << 40,
            previous_crc: 0xDEAD_BEEF,
        }
    }

    #[test]
    fn header_survives_the_round_trip() {
        let bytes = header().encode().unwrap();
        assert_eq!(SegmentHeader::parse(&bytes), Ok(header()));
    }

    #[test]
    fn every_flipped_header_bit_is_seen() {
        let bytes = header().encode().unwrap();
        for bit in 0..SEGMENT_HEADER_LEN * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(SegmentHeader::parse(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn kernel_version_that_does_not_fit_is_refused() {
        let mut long = header();
        long.meta.kernel_version = "12345678901234567".to_owned();
        assert_eq!(long.encode(), None);
        long.meta.kernel_version = "1234567890123456".to_owned();
        assert_eq!(SegmentHeader::parse(&long.encode().unwrap()), Ok(long));
    }

    #[test]
    fn both_ways_of_sealing_agree() {
        let head = Head { len: 29, crc: 0, seq: 9, ts: -1, kind: 200, flags: 3 };
        let (bytes, crc) = head.sealed(b"abc");
        let mut records = [head.unsealed().as_slice(), b"abc"].concat().repeat(3);
        assert_eq!(seal_all(&mut records), Some(crc));
        let record = [bytes.as_slice(), b"abc"].concat();
        assert_eq!(records, record.repeat(3));
        assert_eq!(seal_all(&mut []), None);
        assert!(checksum_holds(&record, crc));
        assert_eq!(Head::parse(&bytes), Head { crc, ..head });
    }
}
