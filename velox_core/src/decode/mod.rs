//! Wire formats of the feeds, decoded into values; a malformed frame is an error value.

use std::fmt;

pub mod kite;
pub mod smartapi;

/// Why a frame is no packet, and the byte at which that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset of the first byte that is wrong or missing.
    pub position: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// What can be wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The frame has no bytes at all.
    Empty,
    /// The first byte names no known mode.
    UnknownMode(u8),
    /// The frame ends before its mode's last field.
    TooShort {
        /// Bytes that the mode needs.
        needed: usize,
    },
    /// The token's bytes are no UTF-8 text.
    TokenNotUtf8,
    /// The message ends within one of the packets that it counts.
    PacketCut {
        /// Bytes that the message needs up to the end of what is cut.
        needed: usize,
    },
    /// No kind of packet has this length.
    UnknownLength(u16),
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Empty => out.write_str("the frame is empty"),
            Reason::UnknownMode(mode) => write!(out, "unknown mode {mode}"),
            Reason::TooShort { needed } => {
                write!(out, "the frame ends early: its mode needs {needed} bytes")
            }
            Reason::TokenNotUtf8 => out.write_str("the token is not UTF-8"),
            Reason::PacketCut { needed } => {
                write!(out, "the message ends within a packet: up to here it needs {needed} bytes")
            }
            Reason::UnknownLength(len) => write!(out, "no packet has {len} bytes"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "byte {}: {}", self.position, self.reason)
    }
}

impl std::error::Error for DecodeError {}
