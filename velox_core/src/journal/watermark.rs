//! The file `watermark`: how far the writer has written and synced, a hint for those who tail the journal.
//!
//! 28 bytes replaced by one `pwrite`, not a mapping: it needs no `unsafe`, and its checksum tells a reader that
//! looked in the middle of a change. It is never synced, so after a power loss it may be old; it is never ahead.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::OwnFile;

const WATERMARK_NAME: &str = "watermark";
const WATERMARK_LEN: usize = 28;
/// A reader that meets a change half done looks again this often.
const ATTEMPTS_MAX: usize = 3;

/// How far one run of the writer has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermark {
    /// The run that wrote it.
    pub run: u64,
    /// Last sequence handed to the operating system.
    pub written: u64,
    /// Last sequence known to be durable.
    pub synced: u64,
}

impl Watermark {
    /// The folder's watermark, or `None` when there is none that can be read.
    pub fn read(dir: &Path) -> Option<Self> {
        let file = File::open(dir.join(WATERMARK_NAME)).ok()?;
        (0..ATTEMPTS_MAX).find_map(|_| {
            let mut bytes = [0; WATERMARK_LEN];
            file.read_exact_at(&mut bytes, 0).ok()?;
            Self::parse(&bytes)
        })
    }

    /// Whether a record is durable: of this run up to `synced`, of an earlier run always, since recovery syncs what
    /// it keeps.
    pub fn covers(&self, run: u64, seq: u64) -> bool {
        run < self.run || (run == self.run && seq <= self.synced)
    }

    fn encode(self) -> [u8; WATERMARK_LEN] {
        let mut bytes = [0; WATERMARK_LEN];
        bytes[0..8].copy_from_slice(&self.run.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.written.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.synced.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..24]);
        bytes[24..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8; WATERMARK_LEN]) -> Option<Self> {
        let (fields, crc) = bytes.split_last_chunk::<4>()?;
        let (run, rest) = fields.split_first_chunk::<8>()?;
        let (written, rest) = rest.split_first_chunk::<8>()?;
        let synced = rest.first_chunk::<8>()?;
        (crc32c::crc32c(fields) == u32::from_le_bytes(*crc)).then_some(Self {
            run: u64::from_le_bytes(*run),
            written: u64::from_le_bytes(*written),
            synced: u64::from_le_bytes(*synced),
        })
    }
}

/// The writer's side of the file.
#[derive(Debug)]
pub(super) struct WatermarkFile(OwnFile);

impl WatermarkFile {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(WATERMARK_NAME);
        OpenOptions::new().write(true).create(true).truncate(false).open(path).and_then(OwnFile::new).map(Self)
    }

    pub(super) fn publish(&self, mark: Watermark) -> io::Result<()> {
        self.0.checked()?.0.write_all_at(&mark.encode(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_mark_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Watermark::read(dir.path()), None);
        let file = WatermarkFile::open(dir.path()).unwrap();
        for synced in [1, 2] {
            file.publish(Watermark { run: 4, written: 9, synced }).unwrap();
        }
        let mark = Watermark::read(dir.path()).unwrap();
        assert_eq!(mark, Watermark { run: 4, written: 9, synced: 2 });
        assert!(mark.covers(4, 2) && mark.covers(3, 99));
        assert!(!mark.covers(4, 3) && !mark.covers(5, 1));
    }

    #[test]
    fn a_half_changed_mark_is_not_believed() {
        let mut bytes = Watermark { run: 1, written: 2, synced: 2 }.encode();
        bytes[16] = 9;
        assert_eq!(Watermark::parse(&bytes), None);
    }
}
