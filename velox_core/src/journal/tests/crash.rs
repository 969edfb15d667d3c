//! Power loss: every state of the disk that could have survived a run recovers, with all that was called durable.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build::{Owned, PATIENCE, append, first, meta, options, payload};
use super::disks::{Event, Memory};
use crate::journal::{Lock, Reader, Start, Writer, recover};

/// A file as the disk holds it.
#[derive(Default, Clone)]
struct Image {
    bytes: Vec<u8>,
    synced_len: usize,
}

/// A run with syncs and segments: what it did to the disk, and after how many calls which seq was called durable.
fn run(dir: &Path) -> (Vec<Event>, Vec<(usize, u64)>) {
    let disk = Memory::default();
    let lock = Lock::acquire(dir).unwrap();
    let mut writer = Writer::open(lock, options(), Box::new(disk.clone()), meta(1), (1, 0), &first(1)).unwrap();
    let mut promises = vec![(disk.events().len(), 1)];
    let mut seq = 2;
    for round in 0..12 {
        append(&mut writer, seq, seq + 5);
        seq += 6;
        if round % 4 == 3 {
            writer.rotate(seq, 0, 0, move || payload(39)).unwrap();
            seq += 1;
        }
        if round % 2 == 1 {
            assert!(writer.wait_synced(seq - 1, PATIENCE).unwrap());
            promises.push((disk.events().len(), seq - 1));
        }
    }
    writer.close().unwrap();
    (disk.events(), promises)
}

/// Call `check` with every image of the journal folder that a loss of power after each call could have left.
fn every_image(events: &[Event], check: &mut impl FnMut(usize, &BTreeMap<PathBuf, Vec<u8>>)) {
    let mut files: BTreeMap<PathBuf, Image> = BTreeMap::new();
    let mut current = PathBuf::new();
    for (done, event) in events.iter().enumerate() {
        match event {
            Event::Create(path) => current.clone_from(path),
            Event::Write(bytes) => files.entry(current.clone()).or_default().bytes.extend(bytes),
            Event::Sync => {
                let image = files.entry(current.clone()).or_default();
                image.synced_len = image.bytes.len();
            }
        }
        let image = files.entry(current.clone()).or_default().clone();
        let mut disk: BTreeMap<_, _> = files.iter().map(|(path, image)| (path.clone(), image.bytes.clone())).collect();
        for len in image.synced_len..=image.bytes.len() {
            let kept = image.bytes[..len].to_vec();
            disk.insert(current.clone(), kept.clone());
            check(done + 1, &disk);
            // A last block whose length was written and whose bytes were not.
            let mut zeroed = kept;
            let from = image.synced_len.max(len.saturating_sub(512));
            zeroed[from..].fill(0);
            disk.insert(current.clone(), zeroed);
            check(done + 1, &disk);
        }
    }
}

fn read_whole(dir: &Path) -> Vec<Owned> {
    let mut reader = Reader::open(dir, Start::First).unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next_record().unwrap() {
        records.push(record.into());
    }
    records
}

fn place(dir: &Path, disk: &BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "vj") {
            fs::remove_file(path).unwrap();
        }
    }
    for (path, bytes) in disk {
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn every_crash_image_recovers_and_keeps_what_was_durable() {
    let dir = tempfile::tempdir().unwrap();
    let (events, promises) = run(dir.path());
    let mut images = 0;
    let mut complete: Vec<Owned> = Vec::new();
    let mut last_image = BTreeMap::new();
    every_image(&events, &mut |_, disk| last_image.clone_from(disk));
    place(dir.path(), &last_image);
    complete.extend(read_whole(dir.path()));
    let last_seq = promises.last().unwrap().1;
    assert!(complete.len() as u64 >= last_seq);

    every_image(&events, &mut |done, disk| {
        images += 1;
        place(dir.path(), disk);
        let durable = promises.iter().rfind(|(calls, _)| *calls <= done).map(|(_, seq)| *seq);
        match recover(dir.path()) {
            Ok(recovery) => {
                assert!(Some(recovery.last_seq) >= durable, "{durable:?} was durable, {} is left", recovery.last_seq);
                assert_eq!(read_whole(dir.path()), complete[..recovery.last_seq as usize]);
            }
            Err(error) => assert!(durable.is_none() && error.is_empty(), "after call {done}: {error}"),
        }
    });
    assert!(images > 1_000, "only {images} images");
}

#[test]
fn a_resumed_image_reads_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let (events, _) = run(dir.path());
    let mut count = 0;
    every_image(&events, &mut |_, disk| {
        count += 1;
        if count % 97 != 0 {
            return; // each of these syncs a real disk
        }
        place(dir.path(), disk);
        let Ok(recovery) = recover(dir.path()) else { return };
        let next = recovery.last_seq + 1;
        let lock = Lock::acquire(dir.path()).unwrap();
        Writer::resume(lock, options(), &recovery, meta(2), &first(next)).unwrap().close().unwrap();
        let after = recover(dir.path()).unwrap();
        assert_eq!((after.last_seq, after.run(), after.torn), (next, 2, None));
    });
}
