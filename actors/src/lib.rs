//! Actors: state that lives between calls, and a tree that keeps it alive. Exports handles and [`start`]; nobody outside
//! sees an address. Knows neither adapters nor SQL nor HTTP.

mod barrier;
mod flight;
mod jitter;
mod ledger_writer;
mod lock;
mod log_writer;
mod placement;
mod provider;
mod reconciler;
mod settings;
mod store_breaker;
mod supervisor;
mod tenant;
mod tree;

#[cfg(test)]
mod doubles;

pub use barrier::{Barrier, NotAdmitted};
pub use ledger_writer::{Fallback, LedgerHandle, LedgerObservation, LedgerUnavailable};
pub use log_writer::{LogHandle, LogObservation, LogPermit, LogStopped, Overloaded};
pub use placement::{Tenants, TenantsObservation};
pub use provider::{
    Answer, AttemptCall, AttemptReport, Calls, CircuitObservation, CircuitOf, FetchedToken,
    ProviderAdmission, ProviderHandle, ProviderObservation, Providers, Seat, StreamAnswer, StreamCall,
    StreamReport, Token, TokenFailure, TokenSource,
};
pub use reconciler::{Errand, Reconcile, ReconcilerObservation};
pub use settings::{
    LedgerSettings, LogSettings, ProviderSettings, ReconcilerSettings, Settings, SupervisionSettings,
    TenantSettings,
};
pub use tenant::{
    Admission, Charge, Charged, EndpointIndex, KeyEntry, KeyExhausted, ServiceEntry, ServiceObservation,
    Snapshot, TenantHandle, TenantUnavailable, Waiting,
};
pub use tree::{StopReport, Tree, TreeError, TreeObservation, TreeParams, start};
