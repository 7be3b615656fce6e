//! What a proxy does to the requests that come through it: faults, and a seeded plan that chooses among them.

use std::time::Duration;

/// What is done to one request, or to the connection that would have brought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is reset as soon as it is accepted: no byte is read.
    ResetOnAccept,
    /// The request is read and the connection reset: no byte reaches the target.
    ResetBeforeRequest,
    /// This share of the request reaches the target, then both sides are reset.
    CutRequest {
        /// Percent of its bytes.
        percent: u8,
    },
    /// The whole request reaches the target, which answers; the client gets this share of the answer, then a reset.
    CutAnswer {
        /// Percent of its bytes; 0: none.
        percent: u8,
    },
    /// As `CutAnswer` with half of the answer, but closed in order.
    HalfAnswer,
    /// The request is taken and nothing ever happens.
    BlackHole,
    /// The target answers, and the client gets the page of an edge that gave up waiting: `502`.
    EdgePage,
    /// The client gets bytes that are no HTTP; no byte reaches the target.
    Garbage,
    /// The request reaches the target later, even when the client is gone by then.
    DelayRequest(Duration),
    /// The answer reaches the client later.
    DelayAnswer(Duration),
    /// The answer comes in small pieces, with a pause after each.
    Throttle {
        /// Bytes of a piece.
        piece_bytes: usize,
        /// The pause.
        pause: Duration,
    },
}

impl Fault {
    /// Returns its name, as counts have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResetOnAccept => "reset_on_accept",
            Self::ResetBeforeRequest => "reset_before_request",
            Self::CutRequest { .. } => "cut_request",
            Self::CutAnswer { percent: 0 } => "answer_lost",
            Self::CutAnswer { .. } => "cut_answer",
            Self::HalfAnswer => "half_answer",
            Self::BlackHole => "black_hole",
            Self::EdgePage => "edge_page",
            Self::Garbage => "garbage",
            Self::DelayRequest(_) => "delay_request",
            Self::DelayAnswer(_) => "delay_answer",
            Self::Throttle { .. } => "throttle",
        }
    }
}

/// Which faults there are, how often each, and the seed that draws them: the same seed draws the same faults in the same order.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    random: Random,
    shares: Vec<(Fault, u32)>,
}

impl FaultPlan {
    /// Returns a plan in which of a thousand draws so many give each fault; the rest give none.
    pub fn new(seed: u64, shares: &[(Fault, u32)]) -> Self {
        let sum: u32 = shares.iter().map(|(_, per_mille)| per_mille).sum();
        assert!(sum <= 1000, "{sum} of a thousand draws");
        Self { random: Random::new(seed), shares: shares.to_vec() }
    }

    /// Returns a plan without faults.
    pub fn none() -> Self {
        Self::new(0, &[])
    }

    /// Draws what is done to a connection that was just accepted.
    pub(super) fn draw_for_connection(&mut self) -> Option<Fault> {
        self.draw(|fault| fault == Fault::ResetOnAccept)
    }

    /// Draws what is done to a request.
    pub(super) fn draw_for_request(&mut self) -> Option<Fault> {
        self.draw(|fault| fault != Fault::ResetOnAccept)
    }

    fn draw(&mut self, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut drawn = self.random.below(1000);
        for (fault, per_mille) in self.shares.iter().copied().filter(|(fault, _)| fits(*fault)) {
            match drawn.checked_sub(u64::from(per_mille)) {
                Some(left) => drawn = left,
                None => return Some(fault),
            }
        }
        None
    }
}

/// Numbers from a seed (`SplitMix64`): for tests that must be repeatable, and for nothing else.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Returns the numbers of this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to below `end`; 0 when there is none.
    pub const fn below(&mut self, end: u64) -> u64 {
        match self.draw().checked_rem(end) {
            Some(drawn) => drawn,
            None => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_faults_and_about_as_many_as_asked_for() {
        let shares = [(Fault::BlackHole, 100), (Fault::Garbage, 300), (Fault::ResetOnAccept, 500)];
        let draw = |seed| {
            let mut plan = FaultPlan::new(seed, &shares);
            (0..10_000).map(|_| plan.draw_for_request()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let drawn = draw(7);
        let count = |wanted| drawn.iter().filter(|fault| **fault == wanted).count();
        assert!((800..1200).contains(&count(Some(Fault::BlackHole))));
        assert!((2700..3300).contains(&count(Some(Fault::Garbage))));
        assert_eq!(count(Some(Fault::ResetOnAccept)), 0, "for connections only");
        let mut none = FaultPlan::none();
        assert!((0..100).all(|_| none.draw_for_request().or(none.draw_for_connection()).is_none()));
    }
}
