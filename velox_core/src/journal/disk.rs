//! The three things a writer asks of a disk; a seam, so that tests can be a disk that fails, dawdles or loses power.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
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
        Ok(Box::new(file))
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Make the names in a folder durable.
pub(super) fn sync_folder(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
