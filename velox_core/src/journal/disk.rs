//! The three things a writer asks of a disk; a seam, so that tests can be a disk that fails, dawdles or loses power.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Makes segment files.
pub(super) trait Disk: Send {
    /// Make a file that does not exist yet; its name is durable on return.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
}

/// A segment file that is being written.
pub(super) trait DiskFile: Send {
    /// Append; plain `write(2)`, so that a dying process leaves whole calls behind.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// `fdatasync`.
    fn sync(&mut self) -> io::Result<()>;
}

/// The operating system's files.
#[derive(Debug)]
pub(super) struct SystemDisk;

impl Disk for SystemDisk {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        if let Some(dir) = path.parent() {
            sync_folder(dir)?;
        }
        Ok(Box::new(SegmentFile { own: OwnFile::new(file)?, len: 0 }))
    }
}

/// A file that is known again: strategies share the descriptors of this process, and who closes one by its number
/// makes the next write land in whatever was opened after it.
#[derive(Debug)]
pub(super) struct OwnFile {
    file: File,
    identity: (u64, u64),
}

impl OwnFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let now = file.metadata()?;
        Ok(Self { file, identity: (now.dev(), now.ino()) })
    }

    /// The file and its length, as long as it is the one that was opened and still has a name.
    pub(super) fn checked(&self) -> io::Result<(&File, u64)> {
        let now = self.file.metadata()?;
        if (now.dev(), now.ino()) != self.identity {
            return Err(io::Error::other("other code in this process closed it"));
        }
        if now.nlink() == 0 {
            return Err(io::Error::other("it was deleted"));
        }
        Ok((&self.file, now.len()))
    }
}

/// A segment on a real disk.
#[derive(Debug)]
struct SegmentFile {
    own: OwnFile,
    len: u64,
}

impl DiskFile for SegmentFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut file, len) = self.own.checked()?;
        if len != self.len {
            return Err(io::Error::other(format!("it has {len} bytes instead of {}: others wrote into it", self.len)));
        }
        file.write_all(bytes)?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.own.checked()?.0.sync_data()
    }
}

/// Make the names in a folder durable.
pub(super) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(dir: &Path) -> Box<dyn DiskFile> {
        let mut file = SystemDisk.create(&dir.join("1")).unwrap();
        file.write(b"ours").unwrap();
        file
    }

    #[test]
    fn a_file_into_which_others_wrote_takes_nothing_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = segment(dir.path());
        OpenOptions::new().append(true).open(dir.path().join("1")).unwrap().write_all(b"theirs").unwrap();
        assert!(file.write(b"ours").unwrap_err().to_string().contains("10 bytes instead of 4"));
        assert_eq!(std::fs::read(dir.path().join("1")).unwrap(), b"ourstheirs");
    }

    #[test]
    fn a_deleted_file_is_neither_written_nor_called_durable() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = segment(dir.path());
        std::fs::remove_file(dir.path().join("1")).unwrap();
        assert!(file.write(b"ours").unwrap_err().to_string().contains("deleted"));
        assert!(file.sync().is_err());
    }

    #[test]
    fn a_descriptor_that_has_become_another_file_is_not_written_to() {
        let dir = tempfile::tempdir().unwrap();
        let other = File::create(dir.path().join("other")).unwrap();
        let ours = File::create(dir.path().join("ours")).unwrap();
        let identity = OwnFile::new(ours).unwrap().identity;
        let replaced = OwnFile { file: other, identity };
        assert!(replaced.checked().unwrap_err().to_string().contains("closed it"));
    }
}
