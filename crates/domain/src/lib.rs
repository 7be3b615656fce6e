//! The vocabulary of the gateway: the nouns every other crate speaks, and the ports to everything outside.
//! No IO, no async runtime, no serialisation, no clock of its own.

mod api_key;
mod attempt;
mod clock;
mod credentials;
mod currency;
mod descriptor;
mod environment;
mod event;
mod feature;
mod ids;
mod money;
mod operation;
mod outcome;
mod plan;
pub mod ports;
mod quota_window;
mod resource;
mod service;
mod streamed;
mod tenant;
mod transaction;
mod upstream;

pub use api_key::{ApiKey, KeyHash, RateLimits, RetiredSecret, Scope, UnknownScope};
pub use attempt::Attempt;
pub use clock::{Clock, Timestamp};
pub use credentials::{Credentials, Secret};
pub use currency::{Currency, UnknownCurrency};
pub use descriptor::{
    Authentication, BaseUrls, Charset, CredentialField, Descriptor, Detection, KnownName, KnownValue,
    ProviderId, SupportedOperation, VariableRole,
};
pub use environment::{Environment, UnknownEnvironment};
pub use event::{Event, EventKind};
pub use feature::{Feature, UnknownFeature};
pub use ids::{Entropy, EventId, Id, IdError, IdKind, KeyId, RequestId, TenantId, TransactionId, kind};
pub use money::{AmountError, Money};
pub use operation::{
    AmountNumber, CallContent, CallOperation, CancelOrder, CancelSubscription, CancelWhen, CaptureMode,
    CaptureOrder, CreateOrder, CreatePaymentLink, CreatePayout, CreateRefund, CreateSubscription, Customer,
    GetCall, GetOrder, GetPaymentLink, GetPayout, GetRefund, GetSms, GetSubscription, MAX_REFERENCE_CHARS,
    Metadata, MetadataError, NewPlan, Operation, OperationKind, OrderOperation, PaymentLinkOperation,
    PayoutDestination, PayoutOperation, PlaceCall, PlanInterval, ProxyOperation, RefundAmount,
    RefundOperation, RefundedPayment, SendSms, SmsOperation, SubscriptionOperation, SubscriptionPlan,
};
pub use outcome::{NotSent, Outcome, Rejection, RejectionClass, Unknown};
pub use plan::PlanTier;
pub use quota_window::QuotaWindow;
pub use resource::{
    Call, CallStatus, NextAction, Order, OrderStatus, PaymentLink, PaymentLinkStatus, Payout, PayoutStatus,
    ProxyReply, Refund, RefundStatus, Resource, Sms, SmsStatus, StatusMeaning, Subscription,
    SubscriptionStatus,
};
pub use service::{FeatureSetting, SealedField, SealedService, SealedTenant};
pub use streamed::{CutShort, Pieces, StreamFailure, StreamedReply, Upload};
pub use tenant::Tenant;
pub use transaction::{LedgerEntry, LedgerState, LookUps, Settlement, Transaction, TransactionStatus};
pub use upstream::{Effect, Endpoint, Reply, Request, RetrySafety, TransportFailure, Unsent};
