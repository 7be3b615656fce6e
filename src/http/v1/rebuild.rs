//! Calls built again from their ledger rows: by the readers that the routes themselves have, from the same bytes.

use actix_web::web::Data;
use async_trait::async_trait;
use bytes::Bytes;
use domain::{LedgerEntry, OperationKind};

use super::orders::Change;
use super::present::Wording;
use super::target::Named;
use super::{Posted, calls, events, orders, payment_links, payouts, proxy, refunds, sms, subscriptions};
use crate::app::Worker;
use crate::auth::Principal;
use crate::http::error::{ApiError, SETTLED_BY_HAND};
use crate::http::extract::Visit;
use crate::http::observe::Facts;
use crate::pipeline::{
    Call, FoundByHand, HandWording, IdempotencyKey, Meta, News, NotRebuilt, Rebuild, Rebuilt,
};

/// Builds calls again, and words events.
#[derive(Debug)]
pub(crate) struct Rebuilder;

#[async_trait(?Send)]
impl Rebuild for Rebuilder {
    async fn rebuild(
        &self,
        worker: &Worker,
        principal: Principal,
        row: &LedgerEntry,
        meta: Meta,
    ) -> Result<Rebuilt, NotRebuilt> {
        let visit = Visit { worker: Data::new(worker.clone()), principal, meta, facts: Facts::default() };
        match read_again(&visit, row).await {
            Ok(Some((call, wording))) => Ok(Rebuilt { call, present: Box::new(wording) }),
            Ok(None) => Err(NotRebuilt::NotKept),
            Err(error) if error.code() == ApiError::store_away().code() => Err(NotRebuilt::StoreAway),
            Err(error) => Err(NotRebuilt::Changed(error.code().into())),
        }
    }

    fn by_hand(&self, row: &LedgerEntry, found: &FoundByHand) -> HandWording {
        let error = ApiError::settled_by_hand(&row.provider, found).with_transaction(row.transaction);
        let logged = Bytes::from(error.to_json());
        let kept = match row.operation {
            OperationKind::ProxyWrite => proxy::pack_error(&error, row.transaction).1,
            _ => logged.clone(),
        };
        HandWording { status: error.status(), kept, logged, code: SETTLED_BY_HAND }
    }

    fn tell(&self, news: &News<'_>) -> Bytes {
        events::write(news)
    }
}

/// Reads a row as its route read the request; `None` where the ledger does not keep all of it.
async fn read_again(visit: &Visit, row: &LedgerEntry) -> Result<Option<(Call, Wording)>, ApiError> {
    // A key that stands for the request's own text is no caller's, and does not read as one.
    let key = row.idempotency_key.as_deref().and_then(|key| IdempotencyKey::try_new(key).ok());
    let posted = &Posted { bytes: row.request.clone(), idempotency_key: key };
    let named = || Named { id: row.target.clone(), provider: Some(row.provider.to_string()) };
    let read = match row.operation {
        OperationKind::OrdersCreate => orders::read_create(visit, posted),
        OperationKind::OrdersCapture => orders::read_change(visit, named(), posted, Change::Capture).await,
        OperationKind::OrdersCancel => orders::read_change(visit, named(), posted, Change::Cancel).await,
        OperationKind::RefundsCreate => refunds::read_create(visit, posted).await,
        OperationKind::SubscriptionsCreate => subscriptions::read_create(visit, posted),
        OperationKind::SubscriptionsCancel => subscriptions::read_cancel(visit, named(), posted).await,
        OperationKind::PaymentLinksCreate => payment_links::read_create(visit, posted),
        OperationKind::PayoutsCreate => payouts::read_create(visit, posted),
        OperationKind::SmsSend => sms::read_create(visit, posted),
        OperationKind::CallsPlace => calls::read_create(visit, posted),
        // Query and headers are not kept: they may hold secrets.
        OperationKind::ProxyWrite
        // Reads have no row.
        | OperationKind::OrdersGet
        | OperationKind::RefundsGet
        | OperationKind::SubscriptionsGet
        | OperationKind::PaymentLinksGet
        | OperationKind::PayoutsGet
        | OperationKind::SmsGet
        | OperationKind::CallsGet
        | OperationKind::ProxyRead => return Ok(None),
    };
    read.map(Some)
}
