//! An account: its money, its limits, its marks to market.

use super::Kernel;
use super::answers::Settled;
use super::book::Fifo;
use super::charges::{Charges, RATE_ONE};
use super::foreign::External;
use super::instance::Trading;
use super::limits::Desk;
use super::order::Role;
use super::rates::Window;
use crate::fixed::{ONE, mul_div, reaches};
use crate::record::{self, AccountDef, KIND_FUTURE, KIND_OPTION, KIND_SHARE, Kind, LimitsSet, TimerClass};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The venue of an account whose orders go to a broker.
pub(super) const BROKER: &str = "broker";
/// Time between two marks while something is open.
pub(super) const MARK_NS: i64 = 1_000_000_000;

/// One account's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Account {
    /// Its definition.
    pub def: AccountDef,
    /// The kill switch.
    pub kill: bool,
    /// Instruments whose own kill switch is on.
    pub blocked: BTreeSet<u32>,
    /// A record was skipped: only reductions until an operator resumes.
    pub skipped: bool,
    /// What it may do.
    pub trading: Trading,
    /// Net positions by instrument.
    pub net: BTreeMap<u32, Fifo>,
    /// What others hold on the account.
    pub external: External,
    /// The newest orders that are over at the broker.
    pub(super) settled: VecDeque<Settled>,
    /// Charges by line.
    pub charges: Charges,
    /// Dividends, those that shorts paid taken off.
    pub dividends: i128,
    /// Profit before today, so that limits count the day alone.
    pub carried: i128,
    /// Highest equity of the day.
    pub peak: i128,
    /// Its limits and its instances' defaults.
    pub limits: LimitsSet,
    /// Limits of single instances.
    pub own_limits: BTreeMap<u32, LimitsSet>,
    /// The same, tightened by the account's defaults.
    pub(super) tightened: BTreeMap<u32, LimitsSet>,
    /// Instruments with limits of their own.
    pub desks: BTreeMap<u32, Desk>,
    pub(super) sent: Window,
}

/// The defaults of semantics for an account and its instances.
pub(super) fn default_limits(account: u32) -> LimitsSet {
    LimitsSet {
        account,
        instance: -1,
        instrument: -1,
        order_value: 5_000_000 * ONE,
        position_value: 5_000_000 * ONE,
        order_quantity: 0,
        position_quantity: 0,
        trade_risk: 0,
        instance_open_orders: 10,
        account_open_orders: 50,
        intents: 2,
        refusals: 20,
        sends: 8,
        trades: 50,
        account_trades: 0,
        daily_loss: 300_000_000,
        drawdown: 500_000_000,
        fat_finger: 300_000_000,
        duplicate_ns: 1_000_000_000,
    }
}

impl Account {
    fn new(def: &AccountDef) -> Self {
        Self {
            def: def.clone(),
            kill: false,
            blocked: BTreeSet::new(),
            skipped: false,
            trading: Trading::Active,
            net: BTreeMap::new(),
            external: External::default(),
            settled: VecDeque::new(),
            charges: Charges::default(),
            dividends: 0,
            carried: 0,
            peak: i128::from(def.capital),
            limits: default_limits(def.id),
            own_limits: BTreeMap::new(),
            tightened: BTreeMap::new(),
            desks: BTreeMap::new(),
            sent: Window::default(),
        }
    }

    /// Whether its orders go to a broker, and not into the book on paper.
    pub fn is_at_broker(&self) -> bool {
        self.def.venue == BROKER
    }

    /// Margin of a unit of value of a kind of instrument: a bought option is paid for whole.
    pub(super) fn margin_share(&self, kind: u8) -> i64 {
        match kind {
            KIND_FUTURE => self.def.fno_margin,
            KIND_OPTION => RATE_ONE as i64,
            _ => self.def.mis_margin,
        }
    }

    /// Profit of closed lots over all instruments, net.
    pub fn realised(&self) -> i128 {
        self.net.values().map(Fifo::realised).sum()
    }
}

/// What an account has come to, 1e-8 rupees: its equity, and what that is made of beside the capital.
struct Standing {
    realised: i128,
    unrealised: i128,
    charges: i128,
    equity: i128,
}

impl Kernel {
    pub(super) fn define_account(&mut self, def: &AccountDef) {
        self.brokered |= def.venue == BROKER;
        match self.accounts.get_mut(def.id as usize) {
            Some(account) => {
                // More or less money is no profit of the day and no fall from its best.
                account.peak += i128::from(def.capital) - i128::from(account.def.capital);
                account.def = def.clone();
            }
            None => self.accounts.push(Account::new(def)),
        }
    }

    pub(super) fn set_limits(&mut self, limits: &LimitsSet) {
        self.accounts[limits.account as usize].set_limits(limits);
    }

    /// Profit of open lots at the last applied prices.
    pub fn unrealised(&self, account: u32) -> i128 {
        let net = &self.accounts[account as usize].net;
        net.iter().map(|(market, book)| book.unrealised(self.markets[*market as usize].last)).sum()
    }

    /// Capital and all profit less charges.
    pub fn equity(&self, account: u32) -> i128 {
        self.standing(account).equity
    }

    fn standing(&self, account: u32) -> Standing {
        let a = &self.accounts[account as usize];
        let (realised, unrealised, charges) = (a.realised(), self.unrealised(account), a.charges.total());
        Standing { realised, unrealised, charges, equity: i128::from(a.def.capital) + realised + unrealised - charges }
    }

    /// Margin of positions and of working increases, without those of `except`.
    pub fn margin_used(&self, account: u32, except: Option<u32>) -> i128 {
        let a = &self.accounts[account as usize];
        // Values of equal margin are summed before they are multiplied, so that nothing is rounded per position.
        let mut values = [0_i128; 3];
        let mut add = |instrument: u32, value: i128| {
            let place = match self.markets[instrument as usize].def.kind {
                KIND_FUTURE => 1,
                KIND_OPTION => 2,
                _ => 0,
            };
            values[place] += value;
        };
        let own = self.instances.iter().filter(|i| i.account == account && Some(i.id) != except);
        let books = own.map(|i| (i.instrument, &i.book)).chain(a.external.books.iter().map(|(m, book)| (*m, book)));
        for (instrument, book) in books.filter(|(_, book)| book.quantity() != 0) {
            add(instrument, i128::from(book.quantity().abs()) * i128::from(book.average()));
        }
        for (_, o) in self.orders.iter() {
            if o.account == account && o.role.increases() && Some(o.instance) != except {
                let i = &self.instances[o.instance as usize];
                let closes = i.book.quantity() * -i64::from(o.side);
                add(i.instrument, i128::from((o.open() - closes.max(0)).max(0)) * i128::from(o.limit));
            }
        }
        let kinds = [KIND_SHARE, KIND_FUTURE, KIND_OPTION];
        let margin = |(value, kind): (i128, u8)| mul_div(value, i128::from(a.margin_share(kind)), RATE_ONE);
        let mut margins = values.into_iter().zip(kinds).map(margin);
        margins.try_fold(0_i128, |sum, one| sum.checked_add(one?)).unwrap_or(i128::MAX)
    }

    /// Kind of the instrument that an instance trades.
    pub(super) fn kind_of(&self, instance: u32) -> u8 {
        self.markets[self.instances[instance as usize].instrument as usize].def.kind
    }

    /// Whether an account has a position or a live order.
    pub fn is_open(&self, account: u32) -> bool {
        self.accounts[account as usize].net.values().any(|b| b.quantity() != 0)
            || self.orders.iter().any(|(_, o)| o.account == account)
    }

    pub(super) fn arm_mark(&mut self, account: u32) {
        if !self.day_over && self.timers.due(TimerClass::Mark, account).is_none() {
            // Somebody else may trade before any tick has brought the time to this day.
            let from = self.facts.as_ref().map_or(self.now, |facts| self.now.max(facts.open_ns));
            self.timers.arm(TimerClass::Mark, account, self.next_mark(from));
        }
    }

    pub(super) fn mark_account(&mut self, account: u32) {
        self.check_losses(account);
        let Standing { realised, unrealised, charges, equity } = self.standing(account);
        let a = &self.accounts[account as usize];
        let mark = record::AccountMark {
            account,
            equity: narrow(equity),
            realised: narrow(realised),
            unrealised: narrow(unrealised),
            charges: narrow(charges),
            drawdown: narrow((a.peak - equity).max(0)),
            margin: narrow(self.margin_used(account, None)),
        };
        self.decide(Kind::AccountMark, &mark);
        if self.is_open(account) {
            self.arm_mark(account);
        }
    }

    /// Limits of the day: an instance or account that broke one is closed and may only reduce.
    pub(super) fn check_losses(&mut self, account: u32) {
        for id in 0..self.instances.len() as u32 {
            if self.instances[id as usize].account == account {
                self.check_instance(id);
                self.check_money(id);
            }
        }
        self.check_desks(account);
        let equity = self.equity(account);
        let a = &mut self.accounts[account as usize];
        a.peak = a.peak.max(equity);
        if a.trading != Trading::Active {
            return;
        }
        let profit = equity - i128::from(a.def.capital) - a.carried;
        let Some(broken) = broken_limit(profit, equity, a.peak, i128::from(a.def.capital), &a.limits) else {
            return;
        };
        a.trading = broken;
        for id in 0..self.instances.len() as u32 {
            if self.instances[id as usize].account == account {
                self.tell(id, "account_limit", "The account reached its loss limit of the day: positions are closed.");
                self.cancel_entries(id, "account limit");
                self.exit_position(id, Role::Limit, "account limit");
            }
        }
    }

    fn check_instance(&mut self, id: u32) {
        let profit = self.group_profit(id);
        let i = &mut self.instances[id as usize];
        let equity = i128::from(i.capital) + profit;
        i.peak = i.peak.max(equity);
        if i.trading != Trading::Active {
            return;
        }
        let limits = self.accounts[i.account as usize].limits_of(id);
        let Some(broken) = broken_limit(profit, equity, i.peak, i128::from(i.capital), limits) else {
            return;
        };
        i.trading = broken;
        self.tell(id, "strategy_limit", "The strategy reached its loss limit of the day: its position is closed.");
        self.cancel_entries(id, "strategy limit");
        self.exit_position(id, Role::Limit, "strategy limit");
    }
}

fn broken_limit(profit: i128, equity: i128, peak: i128, capital: i128, limits: &LimitsSet) -> Option<Trading> {
    let reaches = |loss: i128, of: i128, rate: i64| reaches(loss, of, i128::from(rate), RATE_ONE);
    if limits.daily_loss > 0 && profit < 0 && reaches(-profit, capital, limits.daily_loss) {
        return Some(Trading::LossStopped);
    }
    let fallen = limits.drawdown > 0 && peak > equity && reaches(peak - equity, peak, limits.drawdown);
    fallen.then_some(Trading::DrawdownStopped)
}

/// Money as a record holds it; ₹92 billion is where it saturates.
pub(super) fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}
