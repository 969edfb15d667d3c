//! Limits at three levels: the account, the strategy, the instrument on the account. The tightest holds.

use super::Kernel;
use super::account::{Account, narrow};
use super::charges::RATE_ONE;
use super::instance::{Instance, Trading};
use super::order::Role;
use crate::fixed::mul_div;
use crate::record::LimitsSet;
use serde::{Deserialize, Serialize};

/// How many levels there are.
pub const LEVELS: usize = 3;
/// One number for each level, in the order account, strategy, instrument.
pub type Levels = [i64; LEVELS];

/// What a level that says nothing allows.
const NONE: LimitsSet = LimitsSet {
    account: 0,
    instance: -1,
    instrument: -1,
    order_value: 0,
    position_value: 0,
    order_quantity: 0,
    position_quantity: 0,
    trade_risk: 0,
    instance_open_orders: 0,
    account_open_orders: 0,
    intents: 0,
    refusals: 0,
    sends: 0,
    trades: 0,
    account_trades: 0,
    daily_loss: 0,
    drawdown: 0,
    fat_finger: 0,
    duplicate_ns: 0,
};

/// One instrument on one account that has limits of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Desk {
    /// Its limits.
    pub limits: LimitsSet,
    /// What may be done in it.
    pub trading: Trading,
    /// Best profit of the day in it.
    pub best: i128,
}

/// Everything that the levels allow an instance now, and what is used of it.
pub(super) struct Caps {
    pub(super) trading: [Trading; LEVELS],
    pub(super) order_quantity: Levels,
    pub(super) order_value: Levels,
    pub(super) position_quantity: Levels,
    pub(super) position_value: Levels,
    /// Money.
    pub(super) trade_risk: Levels,
    pub(super) fat_finger: Levels,
    pub(super) open: Levels,
    pub(super) open_orders: Levels,
    pub(super) intents: Levels,
    pub(super) made: Levels,
    pub(super) trades: Levels,
}

/// The smaller of two limits of which 0 is none.
fn tighter<T: Ord + Default + Copy>(one: T, other: T) -> T {
    let none = T::default();
    if one == none || (other != none && other < one) { other } else { one }
}

impl LimitsSet {
    /// The account's defaults for an instance, tightened by the instance's own limits.
    fn tightened(&self, own: &Self) -> Self {
        Self {
            instance: own.instance,
            order_value: tighter(self.order_value, own.order_value),
            position_value: tighter(self.position_value, own.position_value),
            order_quantity: tighter(self.order_quantity, own.order_quantity),
            position_quantity: tighter(self.position_quantity, own.position_quantity),
            trade_risk: tighter(self.trade_risk, own.trade_risk),
            instance_open_orders: tighter(self.instance_open_orders, own.instance_open_orders),
            intents: tighter(self.intents, own.intents),
            refusals: tighter(self.refusals, own.refusals),
            trades: tighter(self.trades, own.trades),
            daily_loss: tighter(self.daily_loss, own.daily_loss),
            drawdown: tighter(self.drawdown, own.drawdown),
            fat_finger: tighter(self.fat_finger, own.fat_finger),
            // The longer time is the tighter one.
            duplicate_ns: self.duplicate_ns.max(own.duplicate_ns),
            ..self.clone()
        }
    }
}

impl Account {
    /// Takes in limits of the account, of one instance or of one instrument.
    pub(super) fn set_limits(&mut self, limits: &LimitsSet) {
        match (u32::try_from(limits.instance), u32::try_from(limits.instrument)) {
            (Ok(instance), _) => {
                self.own_limits.insert(instance, limits.clone());
            }
            (Err(_), Ok(instrument)) => {
                let fresh = Desk { limits: limits.clone(), trading: Trading::Active, best: 0 };
                self.desks.entry(instrument).or_insert(fresh).limits = limits.clone();
            }
            (Err(_), Err(_)) => self.limits = limits.clone(),
        }
        self.tightened = self.own_limits.iter().map(|(id, own)| (*id, self.limits.tightened(own))).collect();
    }

    /// Limits that hold for an instance: the account's defaults and its own, the tighter of each.
    pub fn limits_of(&self, instance: u32) -> &LimitsSet {
        self.tightened.get(&instance).unwrap_or(&self.limits)
    }
}

fn share(of: i128, rate: i64) -> i64 {
    mul_div(of, i128::from(rate), RATE_ONE).map_or(i64::MAX, narrow)
}

impl Kernel {
    /// What every level allows an instance, and what is used of it.
    pub(super) fn caps(&self, id: u32) -> Caps {
        let i = &self.instances[id as usize];
        let account = &self.accounts[i.account as usize];
        let desk = account.desks.get(&i.instrument);
        let (all, own) = (&account.limits, account.own_limits.get(&id).unwrap_or(&NONE));
        let one = desk.map_or(&NONE, |desk| &desk.limits);
        let of = |field: fn(&LimitsSet) -> i64| [field(all), field(own), field(one)];
        let both = account.limits_of(id);
        let capital = [account.def.capital, i.capital, account.def.capital].map(i128::from);
        let risks = of(|l| l.trade_risk);
        let open_orders = [all.account_open_orders, both.instance_open_orders, one.account_open_orders].map(i64::from);
        let mut position_quantity = of(|l| l.position_quantity);
        if let Some(most) = self.parkable(i) {
            position_quantity[2] = tighter(position_quantity[2], most);
        }
        let trades = [all.account_trades, tighter(both.trades, i.rules.max_trades), one.account_trades].map(i64::from);
        Caps {
            trading: [account.trading, i.trading, desk.map_or(Trading::Active, |desk| desk.trading)],
            order_quantity: of(|l| l.order_quantity),
            order_value: of(|l| l.order_value),
            position_quantity,
            position_value: of(|l| l.position_value),
            trade_risk: [0, 1, 2].map(|l| if risks[l] > 0 { share(capital[l], risks[l]).max(1) } else { 0 }),
            fat_finger: of(|l| l.fat_finger),
            open: self.open_orders(i),
            open_orders,
            intents: of(|l| i64::from(l.intents)),
            made: self.trades_made(i, &trades),
            trades,
        }
    }

    /// Live orders of the account, of the instance, of its instrument on the account.
    fn open_orders(&self, i: &Instance) -> Levels {
        let mut open = [0; LEVELS];
        for (_, order) in self.orders.iter().filter(|(_, o)| o.account == i.account) {
            open[0] += 1;
            open[1] += i64::from(order.instance == i.id);
            open[2] += i64::from(order.instrument == i.instrument);
        }
        open
    }

    /// Round trips of the day; those of others are counted only where a limit looks at them.
    fn trades_made(&self, i: &Instance, limits: &Levels) -> Levels {
        let of_all = |counts: &dyn Fn(&Instance) -> bool| {
            let today = self.session_date();
            let others = self.instances.iter().filter(|o| o.account == i.account && o.started_on == today && counts(o));
            others.map(|o| i64::from(o.trades)).sum()
        };
        let account = if limits[0] > 0 { of_all(&|_| true) } else { 0 };
        let instrument = if limits[2] > 0 { of_all(&|o| o.instrument == i.instrument) } else { 0 };
        [account, i64::from(self.group_trades(i.id)), instrument]
    }

    /// Whether some level refuses another round trip once so many more are made.
    pub(super) fn has_made_its_trades(&self, id: u32, more: i64) -> bool {
        let caps = self.caps(id);
        caps.trades.iter().zip(caps.made).any(|(most, made)| *most > 0 && made + more >= *most)
    }

    /// The fastest pace of order intents that some level asks for; 0 for none.
    pub(super) fn intents_max(&self, id: u32) -> u32 {
        let i = &self.instances[id as usize];
        let account = &self.accounts[i.account as usize];
        let desk = account.desks.get(&i.instrument).map_or(0, |desk| desk.limits.intents);
        account.limits_of(id).intents.max(desk)
    }

    /// Most money that one trade of an instance may lose at its stop.
    pub(super) fn trade_risk_max(&self, id: u32) -> Option<i128> {
        self.caps(id).trade_risk.into_iter().filter(|most| *most > 0).min().map(i128::from)
    }

    /// Signed units that an account holds of an instance's instrument besides the instance's own.
    pub(super) fn others_hold(&self, id: u32) -> i64 {
        let i = &self.instances[id as usize];
        let net = self.accounts[i.account as usize].net.get(&i.instrument);
        net.map_or(0, super::book::Fifo::quantity) - i.book.quantity()
    }

    /// The price step of an instance's instrument.
    pub(super) fn tick_of(&self, id: u32) -> i64 {
        self.markets[self.instances[id as usize].instrument as usize].def.tick
    }

    pub(super) fn session_date(&self) -> i32 {
        self.facts.as_ref().map_or(0, |facts| facts.session_date)
    }

    /// Limits of the day of single instruments: one that broke its own is closed and may only be reduced.
    pub(super) fn check_desks(&mut self, account: u32) {
        let instruments: Vec<u32> = self.accounts[account as usize].desks.keys().copied().collect();
        for instrument in instruments {
            self.check_desk(account, instrument);
        }
    }

    fn check_desk(&mut self, account: u32, instrument: u32) {
        let profit = self.profit_in(account, instrument);
        let a = &mut self.accounts[account as usize];
        let capital = i128::from(a.def.capital);
        let Some(desk) = a.desks.get_mut(&instrument) else {
            return;
        };
        desk.best = desk.best.max(profit);
        if desk.trading != Trading::Active {
            return;
        }
        let fallen = desk.best - profit;
        let reached = |rate: i64, loss: i128| rate > 0 && loss > 0 && loss >= i128::from(share(capital, rate));
        desk.trading = if reached(desk.limits.daily_loss, -profit) {
            Trading::LossStopped
        } else if reached(desk.limits.drawdown, fallen) {
            Trading::DrawdownStopped
        } else {
            return;
        };
        for id in 0..self.instances.len() as u32 {
            let i = &self.instances[id as usize];
            if (i.account, i.instrument) == (account, instrument) {
                let sentence = "The instrument reached its loss limit of the day: its position is closed.";
                self.tell(id, "instrument_limit", sentence);
                self.cancel_entries(id, "instrument limit");
                self.exit_position(id, Role::Limit, "instrument limit");
            }
        }
    }

    /// Profit of the day in one instrument of an account, net.
    fn profit_in(&self, account: u32, instrument: u32) -> i128 {
        let today = self.session_date();
        let last = self.markets[instrument as usize].last;
        (self.instances.iter())
            .filter(|i| (i.account, i.instrument, i.started_on) == (account, instrument, today))
            .map(|i| i.day_profit(last))
            .sum()
    }
}
