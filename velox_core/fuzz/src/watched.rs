//! A kernel under watch: every step is held against the rules, against a restored kernel and, at the end, a fresh one.

use velox_core::kernel::Kernel;
use velox_core::kernel::sound::{Fills, assert_sound};
use velox_core::record::{ClockMode, Input, MarkKind, SessionMark, Timer, TimerClass};

/// What is put into one kernel at most: a clock that leaps wakes timers for every second of it.
const FUEL: u32 = 400;

/// One thing that was done to the kernel.
#[derive(Clone, Debug)]
pub enum Step {
    /// An input of a time.
    Apply(i64, Input),
    /// A record that recovery went past.
    PassOver(Input),
}

/// A kernel and what was done to it.
#[derive(Debug)]
pub struct Watched {
    /// The state.
    pub kernel: Kernel,
    /// Everything that was done.
    pub steps: Vec<Step>,
    /// A kernel that was restored on the way and must decide the same.
    twin: Option<Kernel>,
    fills: Fills,
    over: bool,
    fuel: u32,
}

impl Default for Watched {
    fn default() -> Self {
        let kernel = Kernel::default();
        Self { kernel, steps: Vec::new(), twin: None, fills: Fills::default(), over: false, fuel: FUEL }
    }
}

impl Watched {
    /// Whether enough was put in.
    pub fn is_spent(&self) -> bool {
        self.fuel == 0
    }

    /// The same steps lead a fresh kernel to the same decisions and the same state.
    pub fn assert_repeats(&self) {
        let mut again = Kernel::default();
        for step in &self.steps {
            match step {
                Step::Apply(ts, input) => again.apply(*ts, input).expect("what applied once applies again"),
                Step::PassOver(input) => again.pass_over(input),
            }
        }
        assert_eq!(again.hash.value(), self.kernel.hash.value(), "the same inputs give the same decisions");
        assert!(again.snapshot() == self.kernel.snapshot(), "the same inputs give the same state");
        if let Some(twin) = &self.twin {
            assert!(twin.snapshot() == self.kernel.snapshot(), "a restored kernel comes to the same state");
        }
    }

    /// Applies an input where the kernel takes it; true when it did.
    pub fn put(&mut self, ts: i64, input: Input) -> bool {
        self.fuel = self.fuel.saturating_sub(1);
        let (before, date) = (self.kernel.now, self.kernel.facts.as_ref().map(|f| f.session_date));
        if let Err(refused) = self.kernel.check(ts, &input) {
            let state = self.kernel.snapshot();
            assert_eq!(self.kernel.apply(ts, &input), Err(refused), "what is checked before is refused after");
            assert!(self.kernel.snapshot() == state, "what is refused changes nothing");
            return false;
        }
        self.kernel.apply(ts, &input).expect("what was checked applies");
        assert!(self.kernel.now >= before, "kernel time never runs back");
        self.follow_twin(ts, &input);
        for (kind, _, payload) in self.kernel.out.decisions.iter() {
            self.fills.note(kind, payload);
        }
        match &input {
            Input::FactsLoaded(facts) if date.is_some_and(|date| date != facts.session_date) => self.over = false,
            Input::SessionMark(SessionMark { kind: MarkKind::DayDone, .. })
            | Input::Timer(Timer { class: TimerClass::DayEnd, .. }) => self.over = true,
            _ => {}
        }
        self.steps.push(Step::Apply(ts, input));
        assert_sound(&self.kernel, &mut self.fills);
        if self.over {
            assert!(self.kernel.orders.iter().next().is_none(), "no order lives after its day");
            assert_eq!(self.kernel.next_due(), i64::MAX, "nothing fires after the day");
        }
        true
    }

    /// What is due by a time fires before a record of that time.
    pub fn fire(&mut self, ts: i64) {
        while let Some(timer) = self.kernel.due_timer(ts).filter(|_| self.fuel > 0) {
            let wall = self.kernel.settings.clock == ClockMode::Wall;
            let late_ns = if wall { ts - timer.due } else { 0 };
            assert!(self.put(timer.due, Input::Timer(Timer { late_ns, ..timer })), "a timer that is due applies");
        }
    }

    /// From here on a restored kernel goes along.
    pub fn snapshot(&mut self) {
        let state = self.kernel.snapshot();
        if let Some(twin) = &self.twin {
            assert!(twin.snapshot() == state, "a restored kernel comes to the same state");
        }
        let twin = Kernel::restore(&state).expect("a Snapshot is read back");
        assert!(twin.snapshot() == state, "a restored kernel is the one that was written");
        self.twin = Some(twin);
    }

    /// The next timer killed the engine twice: recovery goes past it.
    pub fn pass_over_next(&mut self, clock: i64) {
        let Some(timer) = self.kernel.due_timer(clock) else { return };
        let input = Input::Timer(timer);
        self.over |= timer.class == TimerClass::DayEnd;
        self.kernel.pass_over(&input);
        if let Some(twin) = &mut self.twin {
            twin.pass_over(&input);
        }
        assert_ne!(self.kernel.due_timer(clock), Some(timer), "what was passed over does not come again");
        self.steps.push(Step::PassOver(input));
    }

    fn follow_twin(&mut self, ts: i64, input: &Input) {
        let Some(twin) = &mut self.twin else { return };
        twin.apply(ts, input).expect("a restored kernel takes what the other takes");
        assert!(twin.out.decisions.iter().eq(self.kernel.out.decisions.iter()), "a restored kernel decides the same");
        let hooks = |k: &Kernel| k.out.hooks.iter().map(|h| (h.rank, h.instance, h.hook)).collect::<Vec<_>>();
        assert!(hooks(twin) == hooks(&self.kernel), "a restored kernel calls the same hooks");
    }
}
