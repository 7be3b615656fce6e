//! What keeps the gateway and its providers upright: quotas, breakers, backoff, retry budgets, deadlines, load shedding.
//! State machines that take the time (`now`, of a monotonic clock) and randomness as arguments: no clock, no IO, nothing that
//! waits.

mod backoff;
mod breaker;
mod deadline;
mod guesses;
mod nanos;
mod quota;
mod retry_budget;
mod schedule;
mod shedder;
mod table;

pub use backoff::{Backoff, BackoffError};
pub use breaker::{
    Breaker, BreakerObservation, BreakerPolicy, BreakerPolicyError, BreakerSettings, BreakerState, Fault,
    OpenFor, Permit, Transition, Verdict, Witness,
};
pub use deadline::Deadline;
pub use guesses::{GuessPolicy, GuessTable, TooManyGuesses};
pub use quota::{
    Allowance, KeyQuotas, KeyWallets, LeaseAsk, LimitExceeded, Quota, QuotaExhausted, QuotaLimit, QuotaTable,
    Remaining, Spending, Standing, Unspent,
};
pub use retry_budget::{BudgetSpent, RetryBudget, RetryBudgetError, RetryBudgetSettings};
pub use schedule::{Schedule, ScheduleError};
pub use shedder::{
    Place, RequestClass, Shed, Shedder, ShedderObservation, ShedderSettings, ShedderSettingsError,
};
