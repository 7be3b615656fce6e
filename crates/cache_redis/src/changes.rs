//! Changes: published on a channel, heard on a connection of its own, and a word when nothing is heard.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::TenantId;
use domain::ports::{CacheError, Change, Changes};
use fred::interfaces::{ClientLike, EventInterface, PubsubInterface};
use fred::types::{Builder, Message};
use tokio::sync::Notify;
use tokio::sync::broadcast::error::RecvError;

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;
use crate::link::{ANSWER_WITHIN, Open, Tries};

const CHANNEL: &str = "changes";
/// More than that wait for nobody: all of them are replaced by the word that something was missed.
const MOST_WAITING: usize = 1_024;

/// What was heard and is not told yet.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Change>,
    is_cut_off: bool,
}

impl Heard {
    fn changed(&self, tenant: TenantId) {
        let mut state = self.lock();
        if state.waiting.len() >= MOST_WAITING {
            state.miss();
        }
        state.waiting.push_back(Change::Tenant(tenant));
        self.more.notify_one();
    }

    /// Something was told that cannot be told on.
    fn missed(&self) {
        self.lock().miss();
        self.more.notify_one();
    }

    fn cut_off(&self) {
        let mut state = self.lock();
        if !state.is_cut_off {
            state.is_cut_off = true;
            state.waiting.push_back(Change::CutOff);
            self.more.notify_one();
        }
    }

    fn resumed(&self) {
        let mut state = self.lock();
        if state.is_cut_off {
            state.is_cut_off = false;
            state.waiting.push_back(Change::Resumed);
            self.more.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whoever resumes drops all it knows: what waits is of no use to it.
    fn miss(&mut self) {
        self.waiting.clear();
        self.waiting.extend([Change::CutOff, Change::Resumed]);
    }
}

/// Listens for ever; `tried` is told when the first try is over.
pub(crate) async fn keep_listening(heard: Arc<Heard>, builder: Builder, tried: Arc<Notify>) {
    let mut tries = Tries::default();
    loop {
        listen(&heard, &builder, &tried, &mut tries).await;
        heard.cut_off();
        tried.notify_one();
        tries.wait().await;
    }
}

/// Listens on one connection until it is lost.
async fn listen(heard: &Heard, builder: &Builder, tried: &Notify, tries: &mut Tries) {
    let Ok(client) = builder.build_subscriber_client() else { return };
    let Some(mut open) = Open::new(client).await else { return };
    let client = open.client.clone();
    // Before the subscription: nothing of it is missed.
    let mut messages = client.message_rx();
    let patient = fred::types::config::Options { timeout: Some(ANSWER_WITHIN), ..Default::default() };
    if client.with_options(&patient).subscribe(CHANNEL).await.is_err() {
        return;
    }
    tries.succeed();
    heard.resumed();
    tried.notify_one();
    let lost = open.lost();
    tokio::pin!(lost);
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                Ok(message) => hear(heard, &message),
                Err(RecvError::Lagged(_)) => heard.missed(),
                Err(RecvError::Closed) => return,
            },
            () = &mut lost => return,
        }
    }
}

/// What cannot be read may be a change that only a newer version knows.
fn hear(heard: &Heard, message: &Message) {
    match message.value.as_str().and_then(|text| text.parse().ok()) {
        Some(tenant) => heard.changed(tenant),
        None => heard.missed(),
    }
}

#[async_trait]
impl Changes for RedisCache {
    async fn publish(&self, tenant: TenantId) -> Result<(), CacheError> {
        let asked = Asked { port: "changes", doing: "telling a change", what: "a count of listeners" };
        self.ask(asked, Command::on("PUBLISH", CHANNEL).text(tenant.to_string())).await
    }

    async fn next(&self) -> Change {
        loop {
            if let Some(change) = self.heard.lock().waiting.pop_front() {
                return change;
            }
            self.heard.more.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(heard: &Heard) -> Vec<Change> {
        heard.lock().waiting.drain(..).collect()
    }

    #[test]
    fn being_cut_off_is_told_once_and_in_order() {
        let (heard, tenant) = (Heard::default(), TenantId::from_u128(7));
        heard.resumed();
        heard.changed(tenant);
        heard.cut_off();
        heard.cut_off();
        heard.resumed();
        heard.resumed();
        heard.changed(tenant);
        let change = Change::Tenant(tenant);
        assert_eq!(told(&heard), [change, Change::CutOff, Change::Resumed, change]);
    }

    #[test]
    fn what_nobody_takes_becomes_one_word() {
        let (heard, tenant) = (Heard::default(), TenantId::from_u128(7));
        (0..=MOST_WAITING).for_each(|_| heard.changed(tenant));
        assert_eq!(told(&heard), [Change::CutOff, Change::Resumed, Change::Tenant(tenant)]);
        heard.changed(tenant);
        heard.missed();
        assert_eq!(told(&heard), [Change::CutOff, Change::Resumed]);
    }
}
