//! One engine per journal: an advisory lock on the file `LOCK`, held as long as the value lives.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::error::Error;

const LOCK_NAME: &str = "LOCK";

/// The right to write one journal folder; the kernel drops it with the process, however that ends.
#[derive(Debug)]
pub struct Lock {
    dir: PathBuf,
    // Never read: the open file *is* the lock. It stays in the folder, because deleting it would race.
    _file: File,
}

impl Lock {
    /// Take the folder (made when it is missing) or fail with an error that [`Error::is_locked`].
    pub fn acquire(dir: &Path) -> Result<Self, Error> {
        if dir.exists() && !dir.is_dir() {
            return Err(Error::not_folder(dir));
        }
        fs::create_dir_all(dir).map_err(|source| Error::io("creating", dir, source))?;
        let path = dir.join(LOCK_NAME);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false) // the holder's number must survive our attempt
            .open(&path)
            .map_err(|source| Error::io("opening", &path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::locked(dir, holder(&mut file))),
            Err(TryLockError::Error(source)) => return Err(Error::io("locking", &path, source)),
        }
        write_pid(&mut file).map_err(|source| Error::io("writing", &path, source))?;
        Ok(Self { dir: dir.to_owned(), _file: file })
    }

    /// The folder that is locked.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_engine_is_told_who_holds_the_journal() {
        let dir = tempfile::tempdir().unwrap();
        let first = Lock::acquire(dir.path()).unwrap();
        let error = Lock::acquire(dir.path()).unwrap_err();
        assert!(error.is_locked());
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        assert!(Lock::acquire(dir.path()).is_ok());
    }

    #[test]
    fn a_file_is_no_journal_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Lock::acquire(file.path()).unwrap_err();
        assert!(error.is_missing() && error.to_string().contains("is not a folder"), "{error}");
    }
}
