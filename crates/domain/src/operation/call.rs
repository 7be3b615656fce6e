//! Telephone calls.

use crate::Metadata;

/// What can be done with calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallOperation {
    /// Place one.
    Place(PlaceCall),
    /// Read one.
    Get(GetCall),
}

/// A call to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceCall {
    /// Whom to call: E.164, with the plus.
    pub to: Box<str>,
    /// From whom; the tenant's configured number when absent.
    pub from: Option<Box<str>>,
    /// What is said when somebody answers.
    pub content: CallContent,
    /// The caller's own id.
    pub reference: Option<Box<str>>,
    /// The caller's own pairs.
    pub metadata: Metadata,
}

/// What is said in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallContent {
    /// This text, read aloud: 1 to 4,000 characters, fewer where the provider has room for fewer.
    Say(Box<str>),
    /// What this address tells the provider to do, in the provider's own format.
    Url(Box<str>),
}

/// A call to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCall {
    /// The provider's id of the call.
    pub provider_call_id: Box<str>,
}
