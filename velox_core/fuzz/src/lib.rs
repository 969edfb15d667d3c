//! What the targets share: bytes read as choices, a trading day made of them, a journal to be spoilt.

pub mod bytes;
pub mod day;
pub mod folder;
pub mod payload;
pub mod play;
pub mod replies;
pub mod spoil;
pub mod watched;
pub mod wish;
