//! A process that dies while it writes: killed from outside, or out of disk.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::build::{PATIENCE, first, meta, options, payload, read_all, seqs};
use crate::journal::{Error, Lock, Writer, recover};

const FOLDER: &str = "VELOX_JOURNAL_TEST_FOLDER";
const RECORDS_MAX: u64 = 5_000_000;

/// The part that runs in the child: resume or create, then append without end, saying aloud what is durable.
#[test]
#[ignore = "the child process of the tests below"]
fn child_that_writes() {
    let dir = PathBuf::from(std::env::var_os(FOLDER).expect("the parent names the folder"));
    let lock = Lock::acquire(&dir).unwrap();
    let (mut writer, begin) = match recover(&dir) {
        Ok(found) => {
            let next = found.last_seq + 1;
            (Writer::resume(lock, options(), &found, meta(found.run() + 1), &first(next)).unwrap(), next + 1)
        }
        Err(error) => {
            assert!(error.is_empty(), "{error}");
            (Writer::create(lock, options(), meta(1), &first(1)).unwrap(), 2)
        }
    };
    let error = write_until_failure(&mut writer, begin).unwrap_err();
    say(&format!("failed {} {}", error.os_error().unwrap_or(0), writer.synced_seq()));
}

fn write_until_failure(writer: &mut Writer, begin: u64) -> Result<(), Error> {
    for seq in begin..begin + RECORDS_MAX {
        if seq % 500 == 0 {
            writer.rotate(seq, 0, 0, || vec![1; 5_000])?;
        } else {
            writer.append(seq, seq as i64 * 10, 7, 0, &payload(seq))?;
        }
        if seq % 7 == 0 {
            writer.wait_synced(seq, PATIENCE)?;
            say(&seq.to_string());
        }
    }
    Ok(())
}

fn say(line: &str) {
    // Not `println!`, which the test harness would keep to itself. A parent that is gone is no failure.
    let _gone = writeln!(std::io::stdout(), "\n>{line}");
}

fn child_command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.env(FOLDER, dir).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

const CHILD_ARGS: [&str; 3] = ["--ignored", "--exact", "journal::tests::killed::child_that_writes"];

/// What the child says, without the harness's own lines.
fn said(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).lines().map_while(Result::ok).filter_map(|line| Some(line.strip_prefix('>')?.to_owned()))
}

#[test]
fn a_killed_writer_leaves_all_that_it_called_durable() {
    let dir = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    for round in 0..6 {
        let mut child = child_command(&program, dir.path()).args(CHILD_ARGS).spawn().unwrap();
        let durable: u64 = said(&mut child).nth(round * 40 + 3).unwrap().parse().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let recovery = recover(dir.path()).unwrap();
        assert!(recovery.last_seq >= durable, "{durable} was durable, {} is left", recovery.last_seq);
        assert_eq!((recovery.run(), recovery.synced_but_lost()), (round as u64 + 1, 0));
    }
    let records = read_all(dir.path());
    assert_eq!(seqs(&records), (1..=records.len() as u64).collect::<Vec<_>>());
    assert!(records.iter().filter(|record| record.kind == 7).all(|record| record.payload == payload(record.seq)));
}

#[test]
fn a_file_that_may_not_grow_stops_the_writer_where_it_was_durable() {
    let dir = tempfile::tempdir().unwrap();
    let program = std::env::current_exe().unwrap();
    let mut child = child_command(Path::new("sh"), dir.path())
        .args(["-c", "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\""]) // 20 blocks of 512 bytes
        .arg(&program)
        .args(CHILD_ARGS)
        .spawn()
        .unwrap();
    let last = said(&mut child).last().unwrap();
    assert!(child.wait().unwrap().success());
    let words: Vec<_> = last.split(' ').collect();
    let ["failed", "27", synced] = words[..] else { panic!("the child said: {last}") }; // EFBIG
    let recovery = recover(dir.path()).unwrap();
    assert!(recovery.last_seq >= synced.parse().unwrap());
    let lock = Lock::acquire(dir.path()).unwrap();
    let next = first(recovery.last_seq + 1);
    let writer = Writer::resume(lock, options(), &recovery, meta(recovery.run() + 1), &next).unwrap();
    assert!(writer.wait_synced(next.seq, Duration::ZERO).unwrap());
}
