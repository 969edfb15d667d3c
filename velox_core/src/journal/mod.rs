//! The one ordered log: record format, writer thread, reader and recovery.
