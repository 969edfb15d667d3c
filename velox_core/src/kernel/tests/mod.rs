//! The kernel's rulings, each as a small day.

mod clock;
mod day;
mod entries;
mod exits;
mod fills;
mod flips;
mod lines;
mod sizes;
mod sound;
