//! One instrument as the kernel sees it: dated data, last quote, who cares about its ticks.

use super::candle::{Candle, Frame};
use crate::fixed::{ceil_tick, floor_tick};
use crate::record::{InstrumentDef, KIND_INDEX, KIND_OPTION, KIND_SHARE, Level};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::sync::Arc;

/// Series of an instrument whose unfinished candles lie in place; those of more lie elsewhere.
const FRAMES_IN_PLACE: usize = 3;
/// The same of the instances that trade it: each tick looks at what they hold.
const TRADERS_IN_PLACE: usize = 4;

/// One instrument's state, in the order in which a tick touches it: waiting for memory is most of what a tick costs
/// when a thousand instruments take turns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(C, align(64))]
pub struct Market {
    /// Exchange time of the newest applied tick, 0 before the first.
    pub last_ts: i64,
    /// Price of the newest applied tick.
    pub last: i64,
    /// Cumulative volume of the newest applied tick.
    pub last_volume: i64,
    /// Candles that end by then were closed by the timer.
    pub closed_until: i64,
    /// Circuits, zero when unknown.
    pub lower: i64,
    /// Circuits, zero when unknown.
    pub upper: i64,
    /// Running maximum of the cumulative volume.
    pub run_volume: i64,
    /// Feed epoch of the newest applied tick.
    pub epoch: u32,
    /// Its group of phases, as `def` names it.
    pub group: u16,
    /// The newest applied tick was old when it came.
    pub stale: bool,
    /// Best bid, zero when unknown.
    pub bid: Level,
    /// Best ask, zero when unknown.
    pub ask: Level,
    /// The longest stretch of continuous trading of the day, from and until: most ticks lie in it, and their phase need not
    /// be looked up. Made of the facts.
    #[serde(skip)]
    pub open: (i64, i64),
    /// Open interest.
    pub open_interest: i64,
    /// Units of the newest applied trade, 0 unknown.
    pub last_qty: i64,
    /// The day so far, pre-open and auction included.
    pub day: Candle,
    /// Slots of orders that can fill.
    pub working: Vec<u32>,
    /// Instances that trade it.
    pub traders: SmallVec<[u32; TRADERS_IN_PLACE]>,
    /// Instances whose `on_tick` wants it.
    pub watchers: Vec<u32>,
    /// Unfinished candles of the instrument's series, long before short. In place: behind a pointer each, they would lie
    /// where the allocator happened to have room, which at a thousand instruments can double the cost of a tick.
    pub frames: SmallVec<[Frame; FRAMES_IN_PLACE]>,
    /// Dated data; shared, so that a copy of the state for a Snapshot is cheap.
    pub def: Arc<InstrumentDef>,
}

impl Market {
    /// An instrument without ticks.
    pub fn new(def: Arc<InstrumentDef>) -> Self {
        Self {
            last_ts: 0,
            last: 0,
            last_volume: 0,
            closed_until: 0,
            lower: def.lower,
            upper: def.upper,
            run_volume: 0,
            epoch: 0,
            group: def.group,
            stale: false,
            bid: Level::default(),
            ask: Level::default(),
            open: (0, 0),
            open_interest: 0,
            last_qty: 0,
            day: Candle::default(),
            working: Vec::new(),
            traders: SmallVec::new(),
            watchers: Vec::new(),
            frames: SmallVec::new(),
            def,
        }
    }

    /// Forgets the day before; dated data stays.
    pub fn begin_day(&mut self) {
        self.frames.iter_mut().for_each(Frame::begin_day);
        let kept = Self::new(Arc::clone(&self.def));
        *self = Self {
            frames: std::mem::take(&mut self.frames),
            traders: std::mem::take(&mut self.traders),
            watchers: std::mem::take(&mut self.watchers),
            last: self.last,
            ..kept
        };
    }

    /// Begins a frame for one more series.
    pub fn follow(&mut self, series: u32, length: i64) {
        self.frames.push(Frame::new(series, length, self.run_volume));
        self.frames.sort_by_key(|frame| Reverse(frame.length()));
    }

    /// Takes newer dated data, and when the day trades its group.
    pub fn redefine(&mut self, def: Arc<InstrumentDef>, open: (i64, i64)) {
        (self.lower, self.upper, self.group, self.open) = (def.lower, def.upper, def.group, open);
        self.def = def;
    }

    /// Whether it can be traded at all.
    pub fn tradable(&self) -> bool {
        self.def.kind != KIND_INDEX
    }

    /// Whether a short position must be closed the same day.
    pub fn shorts_end_today(&self) -> bool {
        self.def.kind == KIND_SHARE
    }

    /// Price at which a marketable order fills now, slippage included; `None` without a price.
    pub fn expected(&self, side: i8, slippage_ticks: i64) -> Option<i64> {
        let quote = if side > 0 { self.ask.price } else { self.bid.price };
        let base = if quote > 0 { quote } else { self.last };
        let slip = slippage_ticks.checked_mul(self.def.tick)?.checked_mul(i64::from(side))?;
        (base > 0).then(|| base.saturating_add(slip).max(self.def.tick))
    }

    /// How far a protected price goes beyond the expected one: 0.5 %, at least 5 ticks.
    pub fn offset(&self, price: i64) -> i64 {
        (price / 200).max(5 * self.def.tick)
    }

    /// How far an exit's price goes beyond the expected one: as far as an entry's, of an option 5 %, at least 10 ticks.
    pub fn exit_offset(&self, price: i64) -> i64 {
        if self.def.kind == KIND_OPTION { (price / 20).max(10 * self.def.tick) } else { self.offset(price) }
    }

    /// The lowest and the highest price of an order, in whole ticks; unknown circuits bound nothing.
    pub fn band(&self) -> (i64, i64) {
        let tick = self.def.tick;
        let lowest = if self.lower > 0 { ceil_tick(self.lower, tick) } else { tick };
        let highest = if self.upper > 0 { floor_tick(self.upper, tick) } else { i64::MAX };
        (lowest.max(tick), highest)
    }

    /// Takes a price of the day in.
    pub fn add_to_day(&mut self, price: i64, volume: i64, ts: i64) {
        if self.day.ticks == 0 {
            self.day = Candle { ts_open: ts, open: price, high: price, low: price, ..Candle::default() };
        }
        self.day.add(price);
        self.day.volume = self.day.volume.max(volume);
    }
}
