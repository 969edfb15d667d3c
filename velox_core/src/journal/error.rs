//! The journal's one error type: a sentence for people, predicates for the program.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with a journal; `Display` is one sentence that names the file.
#[derive(Debug)]
pub struct Error(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Damage { file: PathBuf, offset: u64, reason: String },
    Locked { dir: PathBuf, pid: Option<u32> },
    Missing { dir: PathBuf },
    NotFolder { path: PathBuf },
    Empty { dir: PathBuf },
    Unsupported { file: PathBuf, format: u16 },
    Failed(Failure),
    Io { action: &'static str, path: PathBuf, source: io::Error },
    Refused(String),
}

/// Why a writer stopped for good; kept by the writer and told to every later caller.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) errno: Option<i32>,
    pub(super) sentence: String,
}

impl Failure {
    #[cold]
    pub(super) fn io(action: &str, path: &Path, source: &io::Error) -> Self {
        Self { errno: source.raw_os_error(), sentence: format!("{action} {} failed: {source}", path.display()) }
    }

    #[cold]
    pub(super) fn other(sentence: &str) -> Self {
        Self { errno: None, sentence: sentence.to_owned() }
    }
}

impl Error {
    #[cold]
    pub(super) fn damage(file: &Path, offset: u64, reason: impl fmt::Display) -> Self {
        Self(Box::new(Kind::Damage { file: file.to_owned(), offset, reason: reason.to_string() }))
    }

    #[cold]
    pub(super) fn locked(dir: &Path, pid: Option<u32>) -> Self {
        Self(Box::new(Kind::Locked { dir: dir.to_owned(), pid }))
    }

    #[cold]
    pub(super) fn missing(dir: &Path) -> Self {
        Self(Box::new(Kind::Missing { dir: dir.to_owned() }))
    }

    #[cold]
    pub(super) fn not_folder(path: &Path) -> Self {
        Self(Box::new(Kind::NotFolder { path: path.to_owned() }))
    }

    #[cold]
    pub(super) fn empty(dir: &Path) -> Self {
        Self(Box::new(Kind::Empty { dir: dir.to_owned() }))
    }

    #[cold]
    pub(super) fn unsupported(file: &Path, format: u16) -> Self {
        Self(Box::new(Kind::Unsupported { file: file.to_owned(), format }))
    }

    #[cold]
    pub(super) fn failed(failure: Failure) -> Self {
        Self(Box::new(Kind::Failed(failure)))
    }

    #[cold]
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self(Box::new(Kind::Io { action, path: path.to_owned(), source }))
    }

    #[cold]
    pub(super) fn refused(sentence: impl Into<String>) -> Self {
        Self(Box::new(Kind::Refused(sentence.into())))
    }

    /// The bytes are not what was written, and not merely torn at the end (exit 72).
    pub fn is_damage(&self) -> bool {
        matches!(*self.0, Kind::Damage { .. })
    }

    /// Another engine holds this journal (exit 73).
    pub fn is_locked(&self) -> bool {
        matches!(*self.0, Kind::Locked { .. })
    }

    /// The folder does not exist, or what stands there is no folder.
    pub fn is_missing(&self) -> bool {
        matches!(*self.0, Kind::Missing { .. } | Kind::NotFolder { .. })
    }

    /// The folder holds no whole record: a journal may be created in it.
    pub fn is_empty(&self) -> bool {
        matches!(*self.0, Kind::Empty { .. })
    }

    /// The journal was written in a format that this program does not read.
    pub fn is_unsupported(&self) -> bool {
        matches!(*self.0, Kind::Unsupported { .. })
    }

    /// The writer has failed and refuses for good (exit 74 when the disk is full).
    pub fn is_failed(&self) -> bool {
        matches!(*self.0, Kind::Failed(_))
    }

    /// The call itself was wrong: a sequence out of order, a record too large, a closed writer.
    pub fn is_refused(&self) -> bool {
        matches!(*self.0, Kind::Refused(_))
    }

    /// File and offset of the first bad byte's record, when this is damage.
    pub fn damage_at(&self) -> Option<(&Path, u64)> {
        match &*self.0 {
            Kind::Damage { file, offset, .. } => Some((file, *offset)),
            Kind::Locked { .. }
            | Kind::Missing { .. }
            | Kind::NotFolder { .. }
            | Kind::Empty { .. }
            | Kind::Unsupported { .. }
            | Kind::Failed(_)
            | Kind::Io { .. }
            | Kind::Refused(_) => None,
        }
    }

    /// The operating system's error number behind this error, when there is one.
    pub fn os_error(&self) -> Option<i32> {
        match &*self.0 {
            Kind::Failed(failure) => failure.errno,
            Kind::Io { source, .. } => source.raw_os_error(),
            Kind::Damage { .. }
            | Kind::Locked { .. }
            | Kind::Missing { .. }
            | Kind::NotFolder { .. }
            | Kind::Empty { .. }
            | Kind::Unsupported { .. }
            | Kind::Refused(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Damage { file, offset, reason } => {
                write!(f, "the journal file {} is damaged at byte {offset}: {reason}", file.display())
            }
            Kind::Locked { dir, pid: Some(pid) } => {
                write!(f, "the journal {} is in use by process {pid}; stop that engine first", dir.display())
            }
            Kind::Locked { dir, pid: None } => {
                write!(f, "the journal {} is in use by another process; stop that engine first", dir.display())
            }
            Kind::Missing { dir } => write!(f, "there is no journal folder {}", dir.display()),
            Kind::NotFolder { path } => write!(f, "{} is not a folder; a journal is a folder", path.display()),
            Kind::Empty { dir } => write!(f, "the folder {} holds no journal", dir.display()),
            Kind::Unsupported { file, format } => write!(
                f,
                "{} is written in journal format {format}; this program reads format {}",
                file.display(),
                super::format::FORMAT_VERSION
            ),
            Kind::Failed(failure) => {
                write!(f, "the journal stopped: {}; nothing more is accepted", failure.sentence)
            }
            Kind::Io { action, path, source } => write!(f, "{action} {} failed: {source}", path.display()),
            Kind::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Kind::Io { source, .. } => Some(source),
            Kind::Damage { .. }
            | Kind::Locked { .. }
            | Kind::Missing { .. }
            | Kind::NotFolder { .. }
            | Kind::Empty { .. }
            | Kind::Unsupported { .. }
            | Kind::Failed(_)
            | Kind::Refused(_) => None,
        }
    }
}
