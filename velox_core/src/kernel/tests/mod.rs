//! The kernel's rulings, each as a small day.

mod candles;
mod clock;
mod commands;
mod day;
mod entries;
mod exits;
mod fills;
mod flips;
mod guard;
mod limits;
mod lines;
mod made;
mod new_day;
mod random;
mod rules;
mod sizes;
mod sound;
mod table;
mod wish;
