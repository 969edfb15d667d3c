//! The day's dated data: instruments, phases, charges, mirrored field by field in `velox.events`.

use serde::{Deserialize, Serialize};

/// What an instrument is.
pub const KIND_INDEX: u8 = 0;
/// A share of the cash market.
pub const KIND_SHARE: u8 = 1;
/// A contract to buy or sell at its expiry.
pub const KIND_FUTURE: u8 = 2;
/// A right to buy or to sell, paid for when it is bought.
pub const KIND_OPTION: u8 = 3;

/// An instrument and its dated data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentDef {
    /// Dense number, the next free one.
    pub id: u32,
    /// `NSE:RELIANCE`, `NFO:NIFTY26JULFUT`.
    pub name: String,
    /// `NSE`.
    pub exchange: String,
    /// The broker's token; of what can be traded, the exchange's own number.
    pub token: String,
    /// 0 index, 1 equity, 2 future, 3 option.
    pub kind: u8,
    /// Index into the day's phase groups.
    pub group: u16,
    /// Price step at 1e-8.
    pub tick: i64,
    /// Smallest quantity and its multiple.
    pub lot: i64,
    /// Largest quantity of one order; 0 where there is none.
    pub freeze: i64,
    /// Lower circuit at 1e-8, 0 unknown.
    pub lower: i64,
    /// Upper circuit at 1e-8, 0 unknown.
    pub upper: i64,
    /// Close of the previous day, 0 unknown.
    pub prev_close: i64,
    /// Index into the day's charges.
    pub charges: u16,
    /// Whether it may be sold short.
    pub shortable: bool,
}

/// A phase of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the exchange's words
pub enum Phase {
    Closed,
    PreOpen,
    Continuous,
    Transition,
    Auction,
    Post,
    Halt,
}

impl Phase {
    /// The phase with this number; an unknown number is closed.
    pub fn from_u8(value: u8) -> Self {
        match value {
            1 => Self::PreOpen,
            2 => Self::Continuous,
            3 => Self::Transition,
            4 => Self::Auction,
            5 => Self::Post,
            6 => Self::Halt,
            _ => Self::Closed,
        }
    }
}

/// Phases of one kind of instrument on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseGroup {
    /// `cash`, `cash-cas`, `index`, `futures`, `options`.
    pub name: String,
    /// (start ns, phase), ascending; each holds until the next.
    pub phases: Vec<(i64, u8)>,
    /// The broker's cut-off for intraday positions.
    pub mis_cutoff_ns: i64,
    /// When `flat="auto"` closes.
    pub flat_auto_ns: i64,
}

impl PhaseGroup {
    /// The phase at a time.
    pub fn at(&self, ts: i64) -> Phase {
        // Each tick asks: few phases follow continuous trading, so from the end it is found at once.
        let begun = self.phases.iter().rev().find(|(start, _)| *start <= ts);
        begun.map_or(Phase::Closed, |(_, phase)| Phase::from_u8(*phase))
    }

    /// The phase at a time and when it ends; `i64::MAX` where nothing follows.
    pub fn until(&self, ts: i64) -> (Phase, i64) {
        let (begun, later) = self.phases.split_at(self.phases.partition_point(|(start, _)| *start <= ts));
        let phase = begun.last().map_or(Phase::Closed, |(_, phase)| Phase::from_u8(*phase));
        (phase, later.first().map_or(i64::MAX, |(start, _)| *start))
    }

    /// How long the market was halted between two times.
    pub fn halted(&self, from: i64, to: i64) -> i64 {
        let ends = self.phases.iter().skip(1).map(|(start, _)| *start).chain([i64::MAX]);
        (self.phases.iter().zip(ends))
            .filter(|((_, phase), _)| Phase::from_u8(*phase) == Phase::Halt)
            .map(|((start, _), end)| end.min(to).saturating_sub((*start).max(from)).max(0))
            .sum()
    }

    /// Whether a pre-open comes before continuous trading.
    pub fn has_preopen(&self) -> bool {
        let phases = self.phases.iter().map(|(_, phase)| Phase::from_u8(*phase));
        phases.take_while(|phase| *phase != Phase::Continuous).any(|phase| phase == Phase::PreOpen)
    }

    /// The longest stretch of continuous trading, from and until; empty where there is none.
    pub fn longest_open(&self) -> (i64, i64) {
        let ends = self.phases.iter().skip(1).map(|(start, _)| *start).chain([i64::MAX]);
        let open = self.phases.iter().zip(ends).filter(|((_, phase), _)| Phase::from_u8(*phase) == Phase::Continuous);
        open.map(|((from, _), until)| (*from, until))
            .max_by_key(|(from, until)| until.saturating_sub(*from))
            .unwrap_or((0, 0))
    }

    /// The first interval of continuous trading: start and end.
    pub fn continuous(&self) -> Option<(i64, i64)> {
        let at = self.phases.iter().position(|(_, p)| Phase::from_u8(*p) == Phase::Continuous)?;
        let end = self.phases.get(at + 1).map_or(i64::MAX, |(start, _)| *start);
        Some((self.phases[at].0, end))
    }
}

/// Charges of one product; rates at 1e-10, money at 1e-8.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // the contract note's own words
pub struct ChargeRates {
    pub name: String,
    pub stt_buy: i64,
    pub stt_sell: i64,
    pub transaction: i64,
    pub sebi: i64,
    pub stamp_buy: i64,
    pub gst: i64,
    /// Share of the order's value; 0 makes the cap a flat fee.
    pub brokerage_rate: i64,
    /// Most that one order costs.
    pub brokerage_cap: i64,
}

/// Sessions and charges of the day, resolved for its date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactsLoaded {
    /// yyyymmdd.
    pub session_date: i32,
    /// SHA-256 of the data files, hex.
    pub digest: String,
    /// Midnight IST.
    pub day_start_ns: i64,
    /// Anchor of the candles.
    pub open_ns: i64,
    /// When the day is over.
    pub end_ns: i64,
    /// Phases by kind of instrument.
    pub groups: Vec<PhaseGroup>,
    /// Charges by product.
    pub charges: Vec<ChargeRates>,
    /// What a report has to say of these facts.
    pub notes: Vec<String>,
    /// Midnight IST of the trading day before, 0 where it is not known.
    pub previous_day_ns: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_holds_until_the_next_one_and_the_last_for_ever() {
        let phases = vec![(10, Phase::PreOpen as u8), (20, Phase::Continuous as u8), (30, Phase::Closed as u8)];
        let group = PhaseGroup { name: String::new(), phases, mis_cutoff_ns: 0, flat_auto_ns: 0 };
        let ends = [(9, 10), (10, 20), (19, 20), (20, 30), (29, 30), (30, i64::MAX), (31, i64::MAX)];
        for (ts, end) in ends {
            assert_eq!(group.until(ts), (group.at(ts), end), "at {ts}");
        }
        assert_eq!(group.until(20).0, Phase::Continuous);
        assert_eq!(PhaseGroup { phases: Vec::new(), ..group }.until(20), (Phase::Closed, i64::MAX));
    }
}
