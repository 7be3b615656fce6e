//! Webhook events: `webhooks:{user_id}`, a stream with one group. It carries ids only, and an empty one is not there.

use std::time::Duration;

use async_trait::async_trait;
use domain::TenantId;
use domain::ports::{CacheError, HandedOff, WebhookHandOff};

use crate::RedisCache;
use crate::cache::Asked;
use crate::command::Command;

const PUSH: &str = include_str!("scripts/push.lua");
const TAKE: &str = include_str!("scripts/take.lua");
const DONE: &str = include_str!("scripts/done.lua");

const GROUP: &str = "gateway";
/// Of more, the oldest are let go, roughly: the rows in the store are the truth.
const MOST_WAITING: u64 = 10_000;
const WHAT: &str = "a stream of webhooks";

fn name(tenant: TenantId) -> String {
    format!("webhooks:{tenant}")
}

/// Whether the text is what Redis calls an entry: two numbers.
fn is_entry(text: &str) -> bool {
    let is_number = |part: &str| part.parse::<u64>().is_ok();
    text.split_once('-').is_some_and(|(time, number)| is_number(time) && is_number(number))
}

#[async_trait]
impl WebhookHandOff for RedisCache {
    async fn push(&self, tenant: TenantId, event: &str) -> Result<(), CacheError> {
        let asked = Asked { port: "webhooks", doing: "handing a webhook off", what: WHAT };
        self.ask(asked, Command::script(PUSH, &name(tenant)).text(event).number(MOST_WAITING)).await
    }

    async fn take(
        &self,
        tenant: TenantId,
        most: u16,
        abandoned_after: Duration,
    ) -> Result<Vec<HandedOff>, CacheError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        let asked = Asked { port: "webhooks", doing: "taking webhooks", what: WHAT };
        let command = Command::script(TAKE, &name(tenant))
            .text(GROUP)
            .text(&*self.node)
            .millis(abandoned_after)
            .number(most);
        let taken: Vec<String> = self.ask(asked, command).await?;
        let mut taken = taken.into_iter();
        let pairs = std::iter::from_fn(|| Some((taken.next()?, taken.next()?)));
        Ok(pairs.map(|(entry, event)| HandedOff { entry: entry.into(), event: event.into() }).collect())
    }

    async fn done(&self, tenant: TenantId, entries: Vec<Box<str>>) -> Result<(), CacheError> {
        let asked = Asked { port: "webhooks", doing: "finishing webhooks", what: WHAT };
        let mut command = Command::script(DONE, &name(tenant)).text(GROUP);
        let mut is_any = false;
        for entry in entries.into_iter().filter(|entry| is_entry(entry)) {
            command = command.text(entry);
            is_any = true;
        }
        if is_any { self.ask(asked, command).await } else { Ok(()) }
    }
}
