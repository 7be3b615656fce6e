//! Beginning entries in the journal while the store is away.

use domain::ports::{Begun, JournalError};

use super::queue::Waiting;
use super::write::{count, fail};
use super::{Desk, LedgerUnavailable};

/// What takes the store's place while it is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// Nothing: a repeat of the call would do its work again, and without the store nobody knows of the first.
    None,
    /// The node's journal: a repeat of the call is harmless by the provider's own key, or by itself. Only for calls whose twins
    /// on other nodes come with the same key of the provider's.
    Journal,
}

/// Begins a batch in the journal, as far as it may be there, and answers everyone in it; the others with `why`.
pub(super) async fn begin(desk: &Desk, batch: Vec<Waiting>, why: LedgerUnavailable) {
    // What the store may have, too, its callers take back in both.
    let is_elsewhere = why.may_have_begun();
    let mut begun = Vec::with_capacity(batch.len());
    let mut refused = Vec::new();
    for waiting in batch.into_iter().filter(Waiting::is_awaited) {
        if waiting.fallback == Fallback::None {
            refused.push(waiting);
            continue;
        }
        // A twin in this very batch.
        if let Some(row) = desk.log.met_by(&waiting.entry) {
            waiting.answer(Ok(Begun::Existing(Box::new(row))));
            continue;
        }
        match desk.log.begin_in_journal(waiting.entry.clone(), is_elsewhere) {
            Ok(()) => begun.push(waiting),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "ledger entry was not begun in the journal"
                );
                refused.push(waiting);
            }
        }
    }
    fail(desk, refused, why);
    if begun.is_empty() {
        return;
    }
    match synced(desk).await {
        Ok(()) => {
            count(&desk.queue.journaled, begun.len());
            for waiting in begun {
                desk.catalog.ledger_journaled();
                if let Some(entry) = waiting.answer(Ok(Begun::Started))
                    && !is_elsewhere
                {
                    desk.log.withdraw(&entry);
                }
            }
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "ledger entries in the journal may not be on the disk; nothing is sent for them"
            );
            if !is_elsewhere {
                begun.iter().for_each(|waiting| desk.log.withdraw(&waiting.entry));
            }
            // The disk may have the beginnings, and not what takes them back.
            fail(desk, begun, LedgerUnavailable::Unsure);
        }
    }
}

/// Waits for the disk, as long as for the store at most.
async fn synced(desk: &Desk) -> Result<(), JournalError> {
    match tokio::time::timeout(desk.settings.timeout, desk.log.sync()).await {
        Ok(synced) => synced,
        Err(_elapsed) => {
            Err(JournalError::Disk { doing: "sync", source: std::io::ErrorKind::TimedOut.into() })
        }
    }
}
