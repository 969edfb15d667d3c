//! Disks that tests make: one that remembers, one that fails, one that dawdles.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use crate::journal::disk::{Disk, DiskFile};

/// What a writer did to its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Create(PathBuf),
    Write(Vec<u8>),
    Sync,
}

/// Remembers every call; fails at one of them if asked to.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    events: Arc<Mutex<Vec<Event>>>,
    /// The call that fails, and with which error number.
    fails: Option<(usize, i32)>,
}

impl Memory {
    pub(super) fn failing_at(call: usize, errno: i32) -> Self {
        Self { fails: Some((call, errno)), ..Self::default() }
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    /// The files as far as they were synced before the call that failed.
    pub(super) fn synced_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut synced, mut written, mut current) = (BTreeMap::new(), Vec::new(), PathBuf::new());
        let mut events = self.events();
        events.pop_if(|_| self.fails.is_some());
        for event in events {
            match event {
                Event::Create(path) => (current, written) = (path, Vec::new()),
                Event::Write(bytes) => written.extend(bytes),
                Event::Sync => {
                    synced.insert(current.clone(), written.clone());
                }
            }
        }
        synced
    }

    fn note(&self, event: Event) -> io::Result<()> {
        let mut events = self.events.lock().unwrap();
        events.push(event);
        match self.fails {
            Some((call, errno)) if events.len() == call + 1 => Err(io::Error::from_raw_os_error(errno)),
            Some(_) | None => Ok(()),
        }
    }
}

impl Disk for Memory {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.note(Event::Create(path.to_owned()))?;
        Ok(Box::new(self.clone()))
    }
}

impl DiskFile for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.note(Event::Write(bytes.to_vec()))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.note(Event::Sync)
    }
}

/// Holds the first write behind the Snapshot until it is told to go on.
pub(super) struct Dawdling {
    pub(super) gate: Option<Receiver<()>>,
}

struct DawdlingFile {
    gate: Option<Receiver<()>>,
    writes: usize,
}

impl Disk for Dawdling {
    fn create(&mut self, _path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(DawdlingFile { gate: self.gate.take(), writes: 0 }))
    }
}

impl DiskFile for DawdlingFile {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<()> {
        self.writes += 1;
        if self.writes > 2 {
            // Header and Snapshot came first.
            if let Some(gate) = self.gate.take() {
                gate.recv().unwrap();
            }
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}
